// Package relay copies bytes both ways between two connections.
package relay

import (
	"io"
	"net"
	"sync"
)

// bufferBytes: a TLS record and its header fit four times.
const bufferBytes = 64 << 10

var buffers = sync.Pool{New: func() any { return new([bufferBytes]byte) }}

type halfCloser interface{ CloseWrite() error }

// Between copies until both directions have ended or either has failed, and closes both connections. An end in one
// direction is handed on; the other goes on.
func Between(a, b net.Conn) {
	var directions sync.WaitGroup
	directions.Go(func() { copyOneWay(a, b) })
	directions.Go(func() { copyOneWay(b, a) })
	directions.Wait()
	_ = a.Close()
	_ = b.Close()
}

func copyOneWay(to, from net.Conn) {
	buffer := buffers.Get().(*[bufferBytes]byte)
	defer buffers.Put(buffer)
	// Neither side's own ReadFrom or WriteTo: they bring buffers of their own.
	_, err := io.CopyBuffer(struct{ io.Writer }{to}, struct{ io.Reader }{from}, buffer[:])
	half, canHalfClose := to.(halfCloser)
	if err == nil && canHalfClose && half.CloseWrite() == nil {
		return
	}
	_ = to.Close()
	_ = from.Close()
}
