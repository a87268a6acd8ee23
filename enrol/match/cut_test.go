package match

import (
	"testing"

	"github.com/tunnus-id/tunnus/document/mrz"
)

// Each kind of document has its own room for names (Doc 9303-4, -5, -6 §4.2.2). A
// line that is full may have been cut; one that is not says the whole name.
func TestNamesThatWereCut(t *testing.T) {
	const surname, given = "Nilavadhanananda", "Chayapa Dejthamrong Krasuang"
	const line = "CHAYAPA DEJTHAMRONG KRASUANG"
	for kind, room := range map[mrz.Kind]int{mrz.TD1: 30, mrz.TD2: 31, mrz.TD3: 39} {
		zone := func(cells int) mrz.Zone {
			return mrz.Zone{Kind: kind, Surname: "NILAVADHANANANDA", GivenNames: line[:cells-len("NILAVADHANANANDA<<")]}
		}
		if d := Compare(surname, given, zone(room)); d.How != Alike {
			t.Errorf("%s: a full line: %+v", kind, d)
		}
		if d := Compare(surname, given, zone(room-3)); d.How == Alike {
			t.Errorf("%s: a name that was cut, and room behind it", kind)
		}
		if d := Compare(surname, "Chayapa Somchai", zone(room)); d.How == Alike {
			t.Errorf("%s: another name, in a full line", kind)
		}
		if d := Compare("Nilavadhananana", given, zone(room)); d.How == Alike {
			t.Errorf("%s: another surname, in a full line", kind)
		}
	}
}

// Two people whose names begin alike are alike to a line that was cut: the
// document's number and the code keep them apart, and nothing else is told of it.
func TestCutNameDoesNotStandForThePerson(t *testing.T) {
	f, z := adasZone()
	f.Surname, f.GivenNames = "Nilavadhanananda", "Arnpol Petch Charonguang Wattana"
	z.Surname, z.GivenNames = "NILAVADHANANANDA", "ARNPOL PETCH CHARONGU"
	if d := Judge(f, z, "XX"); d.How != Alike {
		t.Fatalf("%+v", d)
	}
	f.Document = "X7654321"
	if d := Judge(f, z, "XX"); d.Field != "document" {
		t.Errorf("another document: %+v", d)
	}
}
