package vpcd

import (
	"net"

	"golang.org/x/sys/unix"
)

// acknowledger returns what has the system acknowledge at once what comes next
// (TCP_QUICKACK, tcp(7)). The system forgets it, so it is called before each
// reading.
func acknowledger(conn net.Conn) func() {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return func() {}
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return func() {}
	}
	return func() {
		_ = raw.Control(func(fd uintptr) {
			_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1) // it is only slow without
		})
	}
}
