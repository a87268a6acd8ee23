package check

import "testing"

func TestWordsStand(t *testing.T) {
	for text, want := range map[string]bool{
		"": false, "IDA": true, "code=IDA ": true, `"IDA"`: true, "XIDA": false, "IDA7": false, "XIDA, IDA": true, "PIDA-IDAX": false,
	} {
		if got := stands(text, "IDA"); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	if stands("anything", "") {
		t.Error("nothing stands everywhere")
	}
}
