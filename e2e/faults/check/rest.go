package check

import "strings"

// I15: nothing of a person is printed.
func nothingPrinted(s *Sight) error {
	if s.house.Printed == nil {
		return nil
	}
	text := s.house.Printed()
	for i, c := range s.house.Canaries {
		if stands(text, c) {
			s.fault("canary %d is in a log", i) // what it is must not be in this one either
		}
	}
	return nil
}

// stands reports whether a word stands in a text, with neither letter nor digit at its ends.
func stands(text, word string) bool {
	plain := func(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
	for from := 0; word != ""; from++ {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return false
		}
		from += i
		end := from + len(word)
		if (from == 0 || !plain(text[from-1])) && (end == len(text) || !plain(text[end])) {
			return true
		}
	}
	return false
}

// A server with an idle phone or two has some sixty open files and about 100 MB.
const (
	mostFiles  = 256
	mostMemory = 512 << 20
)

// allBack is I16: nothing piles up, and nobody sits on a transaction.
func allBack(s *Sight) error {
	if s.house.Used != nil {
		if u := s.house.Used(); u.Files > mostFiles || u.Memory > mostMemory {
			s.fault("the server has %d open files, and %d MB", u.Files, u.Memory>>20)
		}
	}
	return connectionsBack(s)
}

// most is what one node may hold of a PostgreSQL server, with two nodes and this
// checker: 16 that write, 16 that read, one that listens.
const most = 2*(16+16+1) + 4

// connectionsBack looks at the server of the database.
func connectionsBack(s *Sight) error {
	if !s.house.Postgres {
		return nil
	}
	idle, err := s.count(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
		AND state LIKE 'idle in transaction%' AND state_change < now() - interval '10 seconds'`)
	if err != nil {
		return err
	}
	all, err := s.count("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
	if idle > 0 || all > most {
		s.fault("%d connections, %d of them idle in a transaction", all, idle)
	}
	return err
}
