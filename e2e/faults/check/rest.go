package check

import "strings"

// I15: nothing of a person is printed.
func nothingPrinted(s *Sight) error {
	if s.house.Printed == nil {
		return nil
	}
	text := s.house.Printed()
	for i, c := range s.house.Canaries {
		if c != "" && strings.Contains(text, c) {
			s.fault("canary %d is in a log", i) // what it is must not be in this one either
		}
	}
	return nil
}

// most is what one node may hold of a PostgreSQL server, with two nodes and this
// checker: 16 that write, 16 that read, one that listens.
const most = 2*(16+16+1) + 4

// I16: nobody sits on a transaction, and connections do not pile up.
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
