package mesh

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"globalstacks/mesh-node/internal/relay"
	"tailscale.com/types/key"
)

const (
	dialTimeout    = 15 * time.Second
	requestTimeout = 5 * time.Second
	// silentAfter: a peer that answers no ping for this long counts as gone.
	silentAfter = 3 * time.Second
	// offlineAfter applies to peers that the control server reports as offline, which may be wrong.
	offlineAfter   = time.Second
	maxRequestLine = 256
	maxDials       = 1024
)

// listenForDials opens the socket in a folder that only its owner may enter.
func listenForDials(path string) (net.Listener, error) {
	folder, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	if folder.Mode().Perm()&0o077 != 0 {
		return nil, errors.New("the folder of the sockets is open to others")
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return net.Listen("unix", path)
}

func (n *Node) serveDials(ctx context.Context, listener net.Listener) {
	places := make(chan struct{}, maxDials)
	for {
		connection, err := n.accept(ctx, listener)
		if err != nil {
			if ctx.Err() == nil {
				n.fail(nodeFailed("no longer takes dials", err))
			}
			return
		}
		select {
		case places <- struct{}{}:
			go func() {
				defer func() { <-places }()
				n.serveDial(ctx, connection)
			}()
		default:
			answerDial(connection, fmt.Errorf("%d connections are open already", maxDials))
			_ = connection.Close()
		}
	}
}

// serveDial reads one line, dials, answers with one line, and then copies bytes. A client that leaves cancels the dial.
func (n *Node) serveDial(ctx context.Context, client net.Conn) {
	defer n.connectionEnded()
	defer client.Close()
	target, err := readDialRequest(client)
	if err != nil {
		answerDial(client, err)
		return
	}
	dialing, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	stopWatching := whenGone(client, cancel)
	peer, disco, err := n.dial(dialing, target)
	stopWatching()
	if err != nil {
		answerDial(client, err)
		return
	}
	forget := n.open.add(target.Addr(), disco, peer)
	defer forget()
	if answerDial(client, nil) != nil {
		_ = peer.Close()
		return
	}
	relay.Between(client, peer, endsWithin)
}

var (
	errNoAnswer  = errors.New("the peer answers no ping")
	errNotJoined = errors.New("this node has not joined the mesh, or no longer belongs to it")
)

// dial uses netstack only: tsnet's own Dial uses the host's network for an address that is not, or no longer, a peer's.
func (n *Node) dial(ctx context.Context, target netip.AddrPort) (net.Conn, key.DiscoPublic, error) {
	if !n.membership.isJoined() {
		return nil, key.DiscoPublic{}, errNotJoined
	}
	node, err := n.known.peer(ctx, target.Addr())
	if err != nil {
		return nil, key.DiscoPublic{}, err
	}
	patience := silentAfter
	if node.Online != nil && !*node.Online {
		patience = offlineAfter
	}
	finding, found := context.WithTimeout(ctx, patience)
	defer found()
	latency, err := n.known.awaitPath(finding, target.Addr())
	if err != nil {
		n.doubt.Store(true)
		return nil, node.DiscoKey, errNoAnswer
	}
	n.known.sessions.await(finding, node, target.Addr(), latency)
	connection, err := n.server.Sys().Dialer.Get().NetstackDialTCP(ctx, target)
	if err != nil {
		return nil, node.DiscoKey, fmt.Errorf("no connection through the mesh: %w", err)
	}
	return connection, node.DiscoKey, nil
}

func readDialRequest(client net.Conn) (netip.AddrPort, error) {
	_ = client.SetReadDeadline(time.Now().Add(requestTimeout))
	defer client.SetReadDeadline(time.Time{})
	// It reads one byte at a time, because the bytes after the line are for the peer.
	var line []byte
	for next := make([]byte, 1); len(line) < maxRequestLine; {
		if _, err := client.Read(next); err != nil {
			return netip.AddrPort{}, err
		}
		if next[0] == '\n' {
			return parseDialRequest(line)
		}
		line = append(line, next[0])
	}
	return netip.AddrPort{}, errors.New("the request is too long")
}

func parseDialRequest(line []byte) (netip.AddrPort, error) {
	var request struct{ Dial netip.AddrPort }
	if err := json.Unmarshal(line, &request); err != nil || !request.Dial.IsValid() || request.Dial.Port() == 0 {
		return netip.AddrPort{}, errors.New("not a request to dial an address and port")
	}
	return request.Dial, nil
}

type dialAnswer struct {
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty"`
}

func answerDial(client net.Conn, failure error) error {
	answer := dialAnswer{OK: failure == nil}
	if failure != nil {
		answer.Error = failure.Error()
	}
	line, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	_, err = client.Write(append(line, '\n'))
	return err
}
