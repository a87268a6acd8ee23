package config

// RegisterConfig says where the population register is, if it is no file: a table
// of our own database, or a service (doc/population.md).
type RegisterConfig struct {
	// Database asks the table that `tunnus population import` fills.
	Database bool `json:"database"`
	// URL is the root of a service, such as "https://register.example".
	URL string `json:"url"`
	// CAFile holds the CAs to trust, PEM. Optional; those of the system.
	CAFile string `json:"ca_file"`
	// CertificateFile and KeyFile prove us to the service, PEM; TokenFile holds what
	// is sent as a bearer token. One of the two, or both.
	CertificateFile string `json:"certificate_file"`
	KeyFile         string `json:"key_file"`
	TokenFile       string `json:"token_file"`
}

// paths are the files that it names.
func (c *RegisterConfig) paths() []*string {
	if c == nil {
		return nil
	}
	return []*string{&c.CAFile, &c.CertificateFile, &c.KeyFile, &c.TokenFile}
}

// valid reports whether it names one place, and how to be let in there.
func (c *RegisterConfig) valid() bool {
	if c.Database {
		return *c == RegisterConfig{Database: true}
	}
	return c.URL != "" && (c.CertificateFile == "") == (c.KeyFile == "") && (c.CertificateFile != "" || c.TokenFile != "")
}
