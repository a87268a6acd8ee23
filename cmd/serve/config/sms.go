package config

import (
	"encoding/json"
	"fmt"
)

// SMSConfig is the gateway for text messages: one of SMPP or one of HTTP. Without
// it, codes go out by e-mail only.
type SMSConfig struct {
	// From is who sends, as phones show it: up to 11 letters and digits, or a number
	// with its plus.
	From string         `json:"from"`
	SMPP *SMPPConfig    `json:"smpp"`
	HTTP *SMSHTTPConfig `json:"http"`
}

// SMPPConfig is a gateway of SMPP 3.4.
type SMPPConfig struct {
	// Addr is host and port.
	Addr         string `json:"addr"`
	SystemID     string `json:"system_id"`
	PasswordFile string `json:"password_file"`
	// TLS is "mandatory" (the default), or "none": this machine or a private network only.
	TLS string `json:"tls"`
	// CAFile holds the CAs to trust, PEM. Optional; those of the system.
	CAFile string `json:"ca_file"`
	// Window is how many messages may wait for an answer. Optional; 10.
	Window int `json:"window"`
}

// SMSHTTPConfig is a gateway of HTTP: each message is a POST of JSON.
type SMSHTTPConfig struct {
	// URL is https, or http to this machine.
	URL string `json:"url"`
	// Body is the request's JSON. In its strings, and in Headers, stand {to} or
	// {digits} (without the plus), {text}, {id}, {from} and {seconds} (how long it
	// is worth delivering).
	Body    json.RawMessage   `json:"body"`
	Headers map[string]string `json:"headers"`
	// SecretHeader is the header that holds, behind SecretPrefix, what is in SecretFile.
	SecretHeader string `json:"secret_header"`
	SecretPrefix string `json:"secret_prefix"`
	SecretFile   string `json:"secret_file"`
	// IDHeader holds the message's id, the same if it is sent again. Optional;
	// "Idempotency-Key".
	IDHeader string `json:"id_header"`
	// Retry and GiveUp are statuses that mean otherwise than usual: 408, 425, 429 and
	// 5xx are tried again, other than 2xx given up.
	Retry  []int  `json:"retry"`
	GiveUp []int  `json:"give_up"`
	CAFile string `json:"ca_file"`
}

// paths are the files that it names.
func (c *SMSConfig) paths() (out []*string) {
	if c == nil {
		return nil
	}
	if c.SMPP != nil {
		out = append(out, &c.SMPP.PasswordFile, &c.SMPP.CAFile)
	}
	if c.HTTP != nil {
		out = append(out, &c.HTTP.SecretFile, &c.HTTP.CAFile)
	}
	return out
}

// complete puts in what is optional and not there.
func (c *SMSConfig) complete() {
	if c != nil && c.SMPP != nil && c.SMPP.TLS == "" {
		c.SMPP.TLS = "mandatory"
	}
}

// faults are those that can be told without opening anything.
func (c *SMSConfig) faults() []fault {
	if c == nil {
		return nil
	}
	out := []fault{{(c.SMPP == nil) == (c.HTTP == nil), "sms: one of smpp and http is needed"}}
	if p := c.SMPP; p != nil {
		out = append(out, []fault{
			{p.Addr == "" || p.SystemID == "" || p.PasswordFile == "", "sms.smpp: addr, system_id and password_file are needed"},
			{p.TLS != "mandatory" && p.TLS != "none", `sms.smpp.tls: "mandatory" or "none"`},
			{c.From == "", "sms.from: missing"},
		}...)
	}
	if h := c.HTTP; h != nil {
		out = append(out, []fault{
			{h.URL == "" || len(h.Body) == 0, "sms.http: url and body are needed"},
			{(h.SecretHeader == "") != (h.SecretFile == ""), "sms.http: secret_header and secret_file go together"},
		}...)
		for name := range h.Headers {
			out = append(out, fault{name == "", fmt.Sprintf("sms.http.headers: %q is no header", name)})
		}
	}
	return out
}
