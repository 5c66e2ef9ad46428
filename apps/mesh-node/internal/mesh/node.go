// Package mesh runs one tsnet node and carries connections between it and two unix sockets.
package mesh

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"globalstacks/mesh-node/internal/protocol"
	"tailscale.com/client/local"
	"tailscale.com/envknob"
	"tailscale.com/tsnet"
)

const (
	joinTimeout  = 30 * time.Second
	closeTimeout = 3 * time.Second
	// farewell is the time for sending the ends of connections before the node leaves the mesh: netstack does not report
	// when they are sent.
	farewell = 50 * time.Millisecond
)

// Node is one membership in the mesh.
type Node struct {
	settings protocol.Settings
	events   *protocol.Events
	server   *tsnet.Server
	client   *local.Client
	// keys delivers the answers of the program that started this node to key-needed.
	keys    <-chan string
	open    *openConnections
	known   *knownPeers
	inbound *inboundPlaces
	// refused and dropped count connections from peers, exhausted counts how often descriptors ran out.
	refused   *occurrences
	dropped   *occurrences
	exhausted *occurrences
	// ended counts connections that netstack has released, until their memory is returned.
	ended atomic.Int64
	// doubt is set when something suggests that the control server should be asked whether it still knows this node.
	doubt      atomic.Bool
	fail       context.CancelCauseFunc
	membership membership
}

// Commands are the commands for a running node.
type Commands struct {
	Keys <-chan string
	Warm <-chan protocol.Warm
}

// Run takes part in the mesh until the context ends, which is no error, or until the node cannot continue: the error is
// then a protocol.Failure. Run closes what it opened when it returns, except what tsnet does not release.
func Run(ctx context.Context, settings protocol.Settings, commands Commands, events *protocol.Events) error {
	if err := probeControl(ctx, settings.ControlURL, firstProbeTimeout); err != nil {
		return unlessEnded(ctx, err)
	}
	state, err := openStateFolder(ctx, settings.StateFolder)
	if err != nil {
		return unlessEnded(ctx, err)
	}
	defer state.close()
	udpPort, err := state.udpPort()
	if err != nil {
		return nodeFailed("no UDP port", err)
	}
	logf, closeLog, err := openTsnetLog(settings, events.Without)
	if err != nil {
		return err
	}
	defer closeLog()
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	node := &Node{settings: settings, events: events, keys: commands.Keys, open: newOpenConnections(), inbound: newInboundPlaces(maxInbound, maxInboundFromPeer), fail: fail}
	node.countToLog()
	key := ""
	if !hasIdentity(settings.StateFolder) {
		if key, err = node.askForKey(ctx, protocol.Failure{}); err != nil || ctx.Err() != nil {
			return err
		}
	}
	node.server = &tsnet.Server{
		ControlURL: settings.ControlURL,
		Hostname:   settings.Hostname,
		Dir:        settings.StateFolder,
		AuthKey:    key,
		Port:       udpPort,
		Ephemeral:  settings.Ephemeral,
		Logf:       logf,
		UserLogf:   logf,
	}
	return node.run(ctx, commands.Warm)
}

func (n *Node) run(ctx context.Context, warm <-chan protocol.Warm) error {
	defer n.close()
	if err := n.server.Start(); err != nil {
		return nodeFailed("tsnet does not start", err)
	}
	client, err := n.server.LocalClient()
	if err != nil {
		return nodeFailed("tsnet does not start", err)
	}
	n.client = client
	if err := shortenTimeWait(n.server.Sys().Netstack.Get()); err != nil {
		return nodeFailed("tsnet does not start", err)
	}
	engine := n.server.Sys().Engine.Get()
	n.known = newKnownPeers(client, engine, &sessions{
		client: client,
		own:    n.ownAddress,
		forget: engine.ResetDevicePeer,
		inUse:  n.open.with,

		awaited: map[netip.Addr]chan struct{}{},
	})
	listener, err := n.server.Listen("tcp", fmt.Sprintf(":%d", n.settings.Port))
	if err != nil {
		return nodeFailed("cannot listen in the mesh", err)
	}
	dials, err := listenForDials(n.settings.DialSocket)
	if err != nil {
		return nodeFailed("cannot listen for dials", err)
	}
	defer dials.Close()
	go n.serveDials(ctx, dials)
	go n.serveInbound(ctx, listener)
	go n.known.keepWarm(ctx, warm)
	go n.watch(ctx)
	go returnMemory(ctx, &n.ended)
	<-ctx.Done()
	var failure protocol.Failure
	if errors.As(context.Cause(ctx), &failure) {
		return failure
	}
	return nil
}

// ownAddress is this node's address of the same family as the other.
func (n *Node) ownAddress(like netip.Addr) netip.Addr {
	v4, v6 := n.server.TailscaleIPs()
	if like.Is4() {
		return v4
	}
	return v6
}

// close gives tsnet a deadline: its Close has been seen to wait for ever after much traffic.
func (n *Node) close() {
	n.open.closeAll()
	time.Sleep(farewell)
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		_ = n.server.Close()
	}()
	select {
	case <-closed:
	case <-time.After(closeTimeout):
	}
	if n.settings.Ephemeral {
		forgetIdentity(n.settings.StateFolder)
	}
}

// PrepareEnvironment removes variables that would change where this node connects to, what it trusts and what it
// reports: such settings come only on stdin.
func PrepareEnvironment() {
	for _, name := range []string{
		"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy",
		"TS_AUTHKEY", "TS_AUTH_KEY", "TS_CONTROL_URL", "TS_CLIENT_ID", "TS_CLIENT_SECRET", "TS_ID_TOKEN", "TS_AUDIENCE",
	} {
		_ = os.Unsetenv(name)
	}
	envknob.Setenv("TS_NO_LOGS_NO_SUPPORT", "true")
	envknob.Setenv("TS_DISABLE_PORTMAPPER", "1")
}

func hasIdentity(stateFolder string) bool {
	_, err := os.Stat(filepath.Join(stateFolder, identityMark))
	return err == nil
}

// identityMark is a file written once a login has succeeded: tsnet's own state exists before that.
const identityMark = "joined"

// forgetIdentity is for a node that tsnet has logged out, as it does with ephemeral ones when they end. The next start
// with this folder then asks for a key at once, instead of first trying to log in with the remaining identity.
func forgetIdentity(stateFolder string) {
	for _, name := range []string{identityMark, "tailscaled.state"} {
		_ = os.Remove(filepath.Join(stateFolder, name))
	}
}

// askForKey returns nothing if the context ends first.
func (n *Node) askForKey(ctx context.Context, why protocol.Failure) (string, error) {
	n.events.KeyNeeded(why)
	select {
	case key := <-n.keys:
		n.events.Hide(key)
		if key == "" {
			return "", protocol.Failure{Code: protocol.KeyMissing, Message: "the control server wants an auth key and there is none"}
		}
		return key, nil
	case <-ctx.Done():
		return "", nil
	}
}

// unlessEnded is nil for an error caused by the end of the node.
func unlessEnded(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func nodeFailed(what string, err error) error {
	return protocol.Failure{Code: protocol.NodeFailed, Message: fmt.Sprintf("%s: %v", what, err)}
}
