package config

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/tunnus-id/tunnus/key/hsm"
	"github.com/tunnus-id/tunnus/key/hsm/token"
)

// KeysConfig says where the process's own keys are. A string is short for
// {"folder": …}: keysets in clear, in a folder that only the server may read.
type KeysConfig struct{ hsm.Config }

// UnmarshalJSON implements [json.Unmarshaler]. Unknown keys are errors here too.
func (k *KeysConfig) UnmarshalJSON(b []byte) error { return folderOr(b, &k.Folder, &k.Config) }

// AuthorityConfig says where the issuing CA is. A string is short for {"folder": …}.
type AuthorityConfig struct {
	// Folder holds root.pem and issuing.pem, and as far as there are any: root.crl,
	// the revocation list of the root (DER); stamp.pem, the certificate of
	// time-stamps; responder.pem, that of the OCSP responder, which else makes a
	// key of its own at each start. It may be the folder that a ceremony left.
	Folder string `json:"folder"`
	// IssuingKey is the issuing CA's key. If it names neither file nor label, it is
	// issuing.key in the folder: encrypted, if there is a passphrase file, else in
	// clear, which only a sandbox may have. Role issue.
	IssuingKey hsm.SignerRef `json:"issuing_key"`
	// StampKey is the key of time-stamps; stamp.key, as with IssuingKey. Role issue.
	StampKey hsm.SignerRef `json:"stamp_key"`
	// ResponderKey is the key of responder.pem; responder.key, as with IssuingKey. Role issue.
	ResponderKey hsm.SignerRef `json:"responder_key"`
	// Compatible gives certificates the identifiers that unmodified clients of
	// Smart-ID demand, instead of ours. Only in a sandbox. Role issue.
	Compatible bool `json:"compatible"`
}

// UnmarshalJSON implements [json.Unmarshaler]. Unknown keys are errors here too.
func (a *AuthorityConfig) UnmarshalJSON(b []byte) error {
	type plain AuthorityConfig
	return folderOr(b, &a.Folder, (*plain)(a))
}

// complete takes relative paths from a folder, and puts in what is not there.
func (a *AuthorityConfig) complete(dir string, issues bool) {
	if a.Folder != "" && !filepath.IsAbs(a.Folder) {
		a.Folder = filepath.Join(dir, a.Folder)
	}
	for _, k := range []struct {
		ref  *hsm.SignerRef
		file string
	}{{&a.IssuingKey, IssuingKeyFile}, {&a.StampKey, StampKeyFile}, {&a.ResponderKey, ResponderKeyFile}} {
		if issues && a.Folder != "" && unnamed(*k.ref) {
			k.ref.File = filepath.Join(a.Folder, k.file)
		}
		k.ref.Complete(dir)
	}
}

// unnamed reports whether a key is where it usually is: nothing says where, but
// perhaps what opens it.
func unnamed(k hsm.SignerRef) bool { return k.File == "" && k.Label == "" && k.Token == token.Config{} }

// Names of files in the CA's folder.
const (
	IssuingKeyFile   = "issuing.key"
	StampKeyFile     = "stamp.key"
	ResponderKeyFile = "responder.key"
	StampFile        = "stamp.pem"
	ResponderFile    = "responder.pem"
)

// Has reports whether the CA's folder has a file.
func (a *AuthorityConfig) Has(name string) bool {
	_, err := os.Stat(filepath.Join(a.Folder, name))
	return a.Folder != "" && err == nil
}

// LogConfig says where the transparency log is. A string is short for {"folder": …}.
type LogConfig struct {
	// Folder of the log. Optional; log in Data.
	Folder string `json:"folder"`
	// Origin names the log in its checkpoints, such as "id.example/log". Optional;
	// the scheme with "/log", and the roles if these are not all.
	Origin string `json:"origin"`
	// Key signs the log (Ed25519). It is made together with the log. If it names
	// neither file nor label, it is log.key in Data: encrypted, if there is a
	// passphrase file, else in clear, which only a sandbox may have.
	Key hsm.SignerRef `json:"key"`
}

// UnmarshalJSON implements [json.Unmarshaler]. Unknown keys are errors here too.
func (l *LogConfig) UnmarshalJSON(b []byte) error {
	type plain LogConfig
	return folderOr(b, &l.Folder, (*plain)(l))
}

// complete takes relative paths from a folder, and puts in what is not there.
func (l *LogConfig) complete(dir, data string) {
	if l.Folder == "" {
		l.Folder = filepath.Join(data, "log")
	}
	if !filepath.IsAbs(l.Folder) {
		l.Folder = filepath.Join(dir, l.Folder)
	}
	if unnamed(l.Key) {
		l.Key.File = filepath.Join(data, "log.key")
	}
	l.Key.Complete(dir)
}

// folderOr reads a string as a folder, and anything else strictly.
func folderOr(b []byte, folder *string, v any) error {
	if b = bytes.TrimSpace(b); len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, folder)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	return dec.Decode(v)
}
