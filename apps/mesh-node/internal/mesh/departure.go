package mesh

import (
	"net"
	"syscall"
	"time"
)

// whenGone calls gone when the client closes its end, until stop is called. It does not read the client's bytes; a
// client that sends before it is answered is no longer watched.
func whenGone(client net.Conn, gone func()) (stop func()) {
	descriptor, err := client.(syscall.Conn).SyscallConn()
	if err != nil {
		gone()
		return func() {}
	}
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		hasEnded := false
		_ = descriptor.Read(func(socket uintptr) bool {
			count, _, err := syscall.Recvfrom(int(socket), make([]byte, 1), syscall.MSG_PEEK)
			if err == syscall.EAGAIN || err == syscall.EINTR {
				return false
			}
			hasEnded = err != nil || count == 0
			return true
		})
		if hasEnded {
			gone()
		}
	}()
	return func() {
		_ = client.SetReadDeadline(time.Unix(1, 0))
		<-watched
		_ = client.SetReadDeadline(time.Time{})
	}
}
