// Package sms sends text messages through a gateway: by SMPP 3.4, or by a request
// of HTTP that a template describes.
//
// A [Gateway] sends one message once and says whether it was taken; whoever calls
// it keeps the job and tries again ([Undelivered] tells whether that may help). A
// gateway can take a message and never deliver it, or deliver it twice: the first
// is seen by nobody here, and against the second each message has an ID that stays
// the same when it is sent again.
//
// Messages are of one part ([Fits]): 160 signs of GSM 7-bit, or 70 of UCS-2. What
// goes wrong is told without number and text, and without what the gateway said,
// which may repeat them.
package sms
