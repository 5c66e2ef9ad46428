package mesh

import (
	"context"
	"sync"
	"time"

	"globalstacks/mesh-node/internal/protocol"
	"tailscale.com/ipn"
)

const (
	messageForgotten = "the control server no longer knows this node"
	messageExpired   = "this node's key has expired"
)

// login asks for a key whenever the node is logged out, once each time.
type login struct {
	node *Node
	// tooLate is stopped while the control server has nothing to answer.
	tooLate  *time.Timer
	mutex    sync.Mutex
	keyGiven bool
}

func newLogin(node *Node) *login {
	tooLate := time.AfterFunc(joinTimeout, func() {
		// tsnet does not report that the control server has gone, or that its certificate has expired, since the first probe.
		if err := probeControl(context.Background(), node.settings.ControlURL, firstProbeTimeout); err != nil {
			node.fail(err)
			return
		}
		node.fail(protocol.Failure{Code: protocol.JoinTimedOut, Message: "the control server answers, but did not let this node in"})
	})
	return &login{node: node, tooLate: tooLate, keyGiven: node.server.AuthKey != ""}
}

// needed is called when the node is logged out, and also during a login.
func (l *login) needed(ctx context.Context) {
	if l.node.membership.isJoined() {
		l.lost(ctx, messageExpired)
		return
	}
	l.lost(ctx, messageForgotten)
}

// wantsPerson is called when the control server requires a login with a browser, which nobody can do here.
func (l *login) wantsPerson(ctx context.Context) {
	if !l.lost(ctx, messageForgotten) {
		l.node.fail(protocol.Failure{Code: protocol.KeyInvalid, Message: "the control server wants a person's login despite the auth key"})
	}
}

func (l *login) succeeded() {
	l.tooLate.Stop()
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.keyGiven = false
}

// lost is called when a node that had joined no longer belongs to the mesh: its connections are closed. It is true for
// the first call since the last login.
func (l *login) lost(ctx context.Context, message string) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.keyGiven {
		return false
	}
	l.keyGiven = true
	l.tooLate.Stop()
	l.node.membership.lose()
	l.node.open.closeOpen()
	go l.withKey(ctx, protocol.Failure{Code: protocol.LoginLost, Message: message})
	return true
}

func (l *login) withKey(ctx context.Context, why protocol.Failure) {
	key, err := l.node.askForKey(ctx, why)
	if err != nil {
		l.node.fail(err)
		return
	}
	if ctx.Err() != nil {
		return
	}
	l.tooLate.Reset(joinTimeout)
	if err := l.begin(ctx, key); err != nil && ctx.Err() == nil {
		l.node.fail(nodeFailed("tsnet does not log in again", err))
	}
}

// begin logs in with a new node key. The start must not log in by itself, because the auth key is valid for one login.
func (l *login) begin(ctx context.Context, key string) error {
	preferences, err := l.node.client.GetPrefs(ctx)
	if err != nil {
		return err
	}
	preferences.LoggedOut = true
	if err := l.node.client.Start(ctx, ipn.Options{AuthKey: key, UpdatePrefs: preferences}); err != nil {
		return err
	}
	return l.node.client.StartLoginInteractive(ctx)
}
