package serve

import (
	"github.com/tunnus-id/tunnus/login"
	"github.com/tunnus-id/tunnus/store/engine"
	"github.com/tunnus-id/tunnus/store/wake"
)

// notifier is how those who wait are woken: within this process, and on
// PostgreSQL also by the other nodes of the database.
func (f *front) notifier() (login.Notifier, error) {
	where, err := f.cfg.Database()
	if err != nil {
		return nil, err
	}
	if !engine.IsPostgreSQL(where) {
		return login.NewHub(), nil
	}
	secret, err := f.own.Secret()
	if err != nil {
		return nil, err
	}
	f.board = wake.New(where, secret, f.log)
	return f.board, nil
}

// wakeJobs keep the line between the nodes up.
func (f *front) wakeJobs() []job {
	if f.board == nil {
		return nil
	}
	return []job{{"wake", 0, f.board.Run}}
}
