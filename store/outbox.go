package store

import "github.com/tunnus-id/tunnus/store/letters"

// Outbox returns the letters that wait.
func (s *Store) Outbox() *letters.Outbox { return letters.New(s.d) }
