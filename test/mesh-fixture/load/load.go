// Package load puts traffic on a pair of mesh-nodes and measures it.
package load

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"globalstacks/mesh-fixture/driver"
)

const chunkBytes = 256 << 10

// Pair is two nodes, one of which dials the other.
type Pair struct {
	From *driver.Node
	To   *driver.Node
	// Target is the address and port of To.
	Target string
}

// Serve makes the dialled node answer: a connection that starts with b receives bulk data and confirms its end, s sends
// bulk data, and e echoes.
func (p Pair) Serve() {
	go func() {
		for {
			connection, err := p.To.Inbound.Accept()
			if err != nil {
				return
			}
			go serve(connection)
		}
	}()
}

func serve(connection net.Conn) {
	defer connection.Close()
	kind := make([]byte, 1)
	if _, err := io.ReadFull(connection, kind); err != nil {
		return
	}
	if kind[0] == 'e' {
		_, _ = io.Copy(connection, connection)
		return
	}
	buffer := make([]byte, chunkBytes)
	if _, err := io.CopyBuffer(io.Discard, struct{ io.Reader }{connection}, buffer); err == nil {
		_, _ = connection.Write([]byte{'.'})
	}
}

// Bulk sends this many bytes over this many concurrent connections, and returns the time until all have arrived.
func (p Pair) Bulk(connections int, bytes int64) (time.Duration, error) {
	begun := time.Now()
	err := together(connections, func(int) error { return p.sendBulk(bytes / int64(connections)) })
	return time.Since(begun), err
}

func (p Pair) sendBulk(bytes int64) error {
	connection, err := p.From.Dial(p.Target)
	if err != nil {
		return err
	}
	defer connection.Close()
	chunk := make([]byte, chunkBytes)
	if _, err := connection.Write([]byte{'b'}); err != nil {
		return err
	}
	for ; bytes > 0; bytes -= chunkBytes {
		if _, err := connection.Write(chunk); err != nil {
			return err
		}
	}
	if err := connection.(*net.UnixConn).CloseWrite(); err != nil {
		return err
	}
	_, err = io.ReadFull(connection, make([]byte, 1))
	return err
}

// Churn opens this many connections, this many at once, each for 64 bytes there and back.
func (p Pair) Churn(connections, atOnce int) (time.Duration, error) {
	begun := time.Now()
	err := together(atOnce, func(which int) error {
		for count := which; count < connections; count += atOnce {
			if err := p.echo(); err != nil {
				return fmt.Errorf("connection %d: %w", count, err)
			}
		}
		return nil
	})
	return time.Since(begun), err
}

func (p Pair) echo() error {
	connection, err := p.From.Dial(p.Target)
	if err != nil {
		return err
	}
	defer connection.Close()
	message := make([]byte, 64)
	if _, err := connection.Write(append([]byte{'e'}, message...)); err != nil {
		return err
	}
	_, err = io.ReadFull(connection, message)
	return err
}

// Hold opens connections that stay open until release is called.
func (p Pair) Hold(connections int) (release func(), err error) {
	var mutex sync.Mutex
	var held []net.Conn
	release = func() {
		for _, connection := range held {
			_ = connection.Close()
		}
	}
	err = together(8, func(which int) error {
		for count := which; count < connections; count += 8 {
			connection, err := p.From.Dial(p.Target)
			if err != nil {
				return err
			}
			mutex.Lock()
			held = append(held, connection)
			mutex.Unlock()
		}
		return nil
	})
	return release, err
}

func together(count int, each func(which int) error) error {
	var all sync.WaitGroup
	failures := make([]error, count)
	for which := range count {
		all.Go(func() { failures[which] = each(which) })
	}
	all.Wait()
	return errors.Join(failures...)
}
