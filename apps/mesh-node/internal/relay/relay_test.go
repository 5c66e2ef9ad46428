package relay

import (
	"bytes"
	"crypto/rand"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"
)

const (
	patience = 10 * time.Second
	shortly  = 200 * time.Millisecond
)

// socketPair is the two ends of a connection.
func socketPair(t *testing.T) (net.Conn, net.Conn) {
	t.Helper()
	listener, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	near, err := net.Dial("unix", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	far, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = near.Close()
		_ = far.Close()
	})
	for _, end := range []net.Conn{near, far} {
		_ = end.SetDeadline(time.Now().Add(patience))
	}
	return near, far
}

// relayed is both programs' ends of a connection that Between copies; the channel is closed once Between returns.
func relayed(t *testing.T, endsWithin time.Duration) (client, server net.Conn, over chan struct{}) {
	t.Helper()
	client, a := socketPair(t)
	server, b := socketPair(t)
	for _, end := range []net.Conn{a, b} {
		_ = end.SetDeadline(time.Time{})
	}
	over = make(chan struct{})
	go func() {
		Between(a, b, endsWithin)
		close(over)
	}()
	return client, server, over
}

func expectOver(t *testing.T, over <-chan struct{}) {
	t.Helper()
	select {
	case <-over:
	case <-time.After(patience):
		t.Fatal("still copies")
	}
}

func expectEnd(t *testing.T, connection net.Conn) {
	t.Helper()
	if count, err := connection.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("read %d bytes, %v, where the end was expected", count, err)
	}
}

func TestAnEndThatNeverClosesHoldsNothing(t *testing.T) {
	for name, silent := range map[string]func(client, server net.Conn) (ends, stays net.Conn){
		"the dialled one":  func(client, server net.Conn) (net.Conn, net.Conn) { return client, server },
		"the dialling one": func(client, server net.Conn) (net.Conn, net.Conn) { return server, client },
	} {
		t.Run(name, func(t *testing.T) {
			client, server, over := relayed(t, shortly)
			ends, stays := silent(client, server)
			_ = ends.Close()
			expectEnd(t, stays)
			expectOver(t, over)
		})
	}
}

// Bytes that keep arriving do not keep the connection open for longer.
func TestAnEndThatGoesOnSendingHoldsNothing(t *testing.T) {
	client, server, over := relayed(t, shortly)
	_ = client.(*net.UnixConn).CloseWrite()
	sending := make(chan struct{})
	go func() {
		defer close(sending)
		ticker := time.NewTicker(shortly / 20)
		defer ticker.Stop()
		for range ticker.C {
			if _, err := server.Write([]byte{'.'}); err != nil {
				return
			}
		}
	}()
	go func() { _, _ = io.Copy(io.Discard, client) }()
	expectOver(t, over)
	expectOver(t, sending)
}

func TestAnEndInOneDirectionLeavesTheOtherItsTime(t *testing.T) {
	client, server, over := relayed(t, patience)
	_, _ = io.WriteString(client, "question")
	_ = client.(*net.UnixConn).CloseWrite()
	if asked, err := io.ReadAll(server); err != nil || string(asked) != "question" {
		t.Fatalf("read %q, %v", asked, err)
	}
	_, _ = io.WriteString(server, "answer")
	_ = server.Close()
	if answer, err := io.ReadAll(client); err != nil || string(answer) != "answer" {
		t.Fatalf("read %q, %v", answer, err)
	}
	expectOver(t, over)
}

// Both sizes of a buffer, and the changes between them.
func TestBytesComeWholeWhateverTheirPieces(t *testing.T) {
	client, server, _ := relayed(t, patience)
	var sent []byte
	for _, size := range []int{1, restingBytes - 1, restingBytes, restingBytes + 1, 3 * bufferBytes, 5, 5, bufferBytes, 1, 20 * bufferBytes} {
		piece := make([]byte, size)
		_, _ = rand.Read(piece)
		sent = append(sent, piece...)
	}
	go func() {
		for rest := sent; len(rest) > 0; {
			size := min(len(rest), 1+len(rest)/3)
			if _, err := client.Write(rest[:size]); err != nil {
				return
			}
			rest = rest[size:]
		}
		_ = client.(*net.UnixConn).CloseWrite()
	}()
	if received, err := io.ReadAll(server); err != nil || !bytes.Equal(received, sent) {
		t.Fatalf("%d bytes of %d came, %v", len(received), len(sent), err)
	}
}
