//go:build !linux

package vpcd

import "net"

// acknowledger does nothing: the driver is one of Linux.
func acknowledger(net.Conn) func() { return func() {} }
