package mesh

import (
	"context"
	"errors"
	"net"
	"syscall"
	"time"
)

const (
	firstAcceptPause   = 5 * time.Millisecond
	longestAcceptPause = time.Second
)

// passing are errors of accept that do not mean that the listener is broken: descriptors or memory ran out, or a client
// left before it was accepted. See accept(2).
var passing = []error{
	syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED,
}

func passes(err error) bool {
	for _, each := range passing {
		if errors.Is(err, each) {
			return true
		}
	}
	return false
}

// accept returns the next connection and continues after passing errors. An error means that the listener is unusable.
func (n *Node) accept(ctx context.Context, listener net.Listener) (net.Conn, error) {
	for pause := firstAcceptPause; ; pause = min(2*pause, longestAcceptPause) {
		connection, err := listener.Accept()
		if err == nil || !passes(err) {
			return connection, err
		}
		n.exhausted.add(err.Error())
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}
