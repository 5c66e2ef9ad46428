// Package relay copies bytes both ways between two connections.
package relay

import (
	"io"
	"net"
	"sync"
	"time"
)

const (
	// bufferBytes: a TLS record and its header fit four times.
	bufferBytes = 64 << 10
	// restingBytes is the buffer of a direction without traffic: thousands of silent connections must cost little.
	restingBytes = 2 << 10
)

var (
	buffers = sync.Pool{New: func() any { return new([bufferBytes]byte) }}
	resting = sync.Pool{New: func() any { return new([restingBytes]byte) }}
)

type halfCloser interface{ CloseWrite() error }

// Between copies until both directions have ended or either has failed, and closes both connections. An end in one
// direction is passed on; the other may continue for endsWithin. Without that bound a peer that never closes could hold
// both connections open.
func Between(a, b net.Conn, endsWithin time.Duration) {
	var firstEnd sync.Once
	var deadline *time.Timer
	hasEnded := func() {
		firstEnd.Do(func() { deadline = time.AfterFunc(endsWithin, func() { closeNow(a, b) }) })
	}
	var directions sync.WaitGroup
	directions.Go(func() { copyOneWay(a, b, hasEnded) })
	directions.Go(func() { copyOneWay(b, a, hasEnded) })
	directions.Wait()
	if deadline != nil {
		deadline.Stop()
	}
	closeNow(a, b)
}

func copyOneWay(to, from net.Conn, hasEnded func()) {
	err := copyBytes(to, from)
	half, canHalfClose := to.(halfCloser)
	if err == nil && canHalfClose && half.CloseWrite() == nil {
		hasEnded()
		return
	}
	closeNow(to, from)
}

// copyBytes returns nil at the end of the input. It uses a large buffer only while much data arrives at a time.
func copyBytes(to io.Writer, from io.Reader) error {
	small := resting.Get().(*[restingBytes]byte)
	defer resting.Put(small)
	var large *[bufferBytes]byte
	defer func() {
		if large != nil {
			buffers.Put(large)
		}
	}()
	for buffer := small[:]; ; {
		count, err := from.Read(buffer)
		if count > 0 {
			if _, failure := to.Write(buffer[:count]); failure != nil {
				return failure
			}
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case large == nil && count == restingBytes:
			large = buffers.Get().(*[bufferBytes]byte)
			buffer = large[:]
		case large != nil && count < restingBytes:
			buffers.Put(large)
			large, buffer = nil, small[:]
		}
	}
}

// closeNow also ends reads and writes in progress: not every connection's Close does.
func closeNow(connections ...net.Conn) {
	for _, connection := range connections {
		_ = connection.SetDeadline(time.Unix(1, 0))
		_ = connection.Close()
	}
}
