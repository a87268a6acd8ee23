package config

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tunnus-id/tunnus/enrol/appointment"
)

// OfficeConfig is an office with desks, where people may have appointments.
type OfficeConfig struct {
	// ID names it in addresses: "north".
	ID string `json:"id"`
	// Name is what people are shown.
	Name string `json:"name"`
	// Zone is its time zone: "Europe/Tallinn".
	Zone string `json:"zone"`
	// Hours are when it is open: "monday 09:00-17:00", one a row.
	Hours []string `json:"hours"`
	// Closed are the days on which it is not: "2026-12-24".
	Closed []string `json:"closed"`
	// Minutes is how long an appointment takes.
	Minutes int `json:"minutes"`
	// Desks is how many people are served at a time.
	Desks int `json:"desks"`
}

// Places reads the offices, and reports every fault at once.
func (c *Config) Places() ([]appointment.Office, error) {
	var out []appointment.Office
	var errs []error
	for _, o := range c.Offices {
		zone, err := time.LoadLocation(o.Zone)
		if err != nil || o.Zone == "" {
			errs = append(errs, fmt.Errorf("offices: %s: zone: no such time zone", o.ID))
		}
		for _, day := range o.Closed {
			if _, err := time.Parse(time.DateOnly, day); err != nil {
				errs = append(errs, fmt.Errorf("offices: %s: closed: days such as 2026-12-24 expected", o.ID))
			}
		}
		place := appointment.Office{ID: o.ID, Name: o.Name, Zone: zone, Closed: o.Closed, Minutes: o.Minutes, Desks: o.Desks}
		for _, h := range o.Hours {
			hours, err := readHours(h)
			if err != nil {
				errs = append(errs, fmt.Errorf("offices: %s: hours: %w", o.ID, err))
			}
			place.Hours = append(place.Hours, hours)
		}
		out = append(out, place)
	}
	return out, errors.Join(errs...)
}

// readHours reads "monday 09:00-17:00".
func readHours(text string) (h appointment.Hours, err error) {
	var day string
	var from, fromM, to, toM int
	if n, err := fmt.Sscanf(text, "%s %2d:%2d-%2d:%2d", &day, &from, &fromM, &to, &toM); err != nil || n != 5 || fromM > 59 || toM > 59 {
		return h, errors.New(`rows such as "monday 09:00-17:00" expected`)
	}
	h = appointment.Hours{From: from*60 + fromM, To: to*60 + toM}
	for d := time.Sunday; d <= time.Saturday; d++ {
		if day == strings.ToLower(d.String()) {
			h.Day = d
			return h, nil
		}
	}
	return h, errors.New("no such day")
}
