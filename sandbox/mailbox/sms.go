package mailbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// A Text is one text message that was taken.
type Text struct {
	ID   int       `json:"id"` // 1 for the first; never used twice
	At   time.Time `json:"at"`
	From string    `json:"from"`
	To   string    `json:"to"`
	Text string    `json:"text"`
	Key  string    `json:"key"` // the sender's name for it: sent twice, it is one message
}

// maxText is how large a request for one message may be.
const maxText = 8 << 10

// SMSBody is what a gateway's configuration has to send to POST /sms.
const SMSBody = `{"to": "{to}", "from": "{from}", "text": "{text}", "key": "{id}"}`

// Texts returns the text messages that are kept, newest first.
func (b *Box) Texts() []Text {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := slices.Clone(b.texts)
	slices.Reverse(out)
	if out == nil {
		out = []Text{}
	}
	return out
}

// take answers POST /sms as a gateway of HTTP does: 202, also to a message that is
// there already.
func (b *Box) take(w http.ResponseWriter, r *http.Request) {
	var m Text
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxText))
	if err := d.Decode(&m); err != nil || m.To == "" || m.Text == "" {
		http.Error(w, "A message has to and text.", http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	known := m.Key != "" && slices.ContainsFunc(b.texts, func(t Text) bool { return t.Key == m.Key })
	if !known {
		b.lastText++
		m.ID, m.At, m.Text = b.lastText, b.clock.Now().UTC(), clean([]byte(m.Text))
		b.texts = append(b.texts, m)
		if over := len(b.texts) - b.keep; over > 0 {
			b.texts = slices.Clone(b.texts[over:])
		}
	}
	w.WriteHeader(http.StatusAccepted)
}
