package config

import (
	"strings"
	"testing"
	"time"
)

func TestOffices(t *testing.T) {
	good := OfficeConfig{ID: "north", Zone: "Europe/Riga", Hours: []string{"monday 09:00-17:30"}, Closed: []string{"2026-12-24"}, Minutes: 30, Desks: 2}
	c := Config{Offices: []OfficeConfig{good}}
	got, err := c.Places()
	if err != nil || len(got) != 1 || got[0].Hours[0].Day != time.Monday || got[0].Hours[0].From != 540 || got[0].Hours[0].To != 1050 || got[0].Zone.String() != "Europe/Riga" {
		t.Fatalf("Places = %+v, %v", got, err)
	}
	for want, change := range map[string]func(*OfficeConfig){
		"zone":   func(o *OfficeConfig) { o.Zone = "" },
		"closed": func(o *OfficeConfig) { o.Closed = []string{"24.12."} },
		"hours":  func(o *OfficeConfig) { o.Hours = []string{"monday 9-17"} },
		"day":    func(o *OfficeConfig) { o.Hours = []string{"someday 09:00-17:00"} },
	} {
		bad := good
		change(&bad)
		if _, err := (&Config{Offices: []OfficeConfig{bad}}).Places(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
