package mesh

import (
	"context"
	"sync"

	"globalstacks/mesh-node/internal/protocol"
	"tailscale.com/ipn"
)

// login asks for a key whenever the node is logged out, once each time.
type login struct {
	node     *Node
	mutex    sync.Mutex
	keyGiven bool
}

// needed is called when the node is logged out, and also while a login is under way.
func (l *login) needed(ctx context.Context) {
	if l.begin() {
		l.withKey(ctx)
	}
}

// wantsPerson is called when the control server would have a person log in with a browser: there is none.
func (l *login) wantsPerson(ctx context.Context) {
	if l.begin() {
		l.withKey(ctx)
		return
	}
	l.node.fail(protocol.Failure{Code: protocol.KeyInvalid, Message: "the control server wants a person's login despite the auth key"})
}

func (l *login) succeeded() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.keyGiven = false
}

// begin is true for the first who needs a key since the last login.
func (l *login) begin() bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	first := !l.keyGiven
	l.keyGiven = true
	return first
}

func (l *login) withKey(ctx context.Context) {
	l.node.events.KeyNeeded()
	key, err := awaitKey(ctx, l.node.keys)
	if err != nil {
		l.node.fail(err)
		return
	}
	if ctx.Err() != nil {
		return
	}
	err = l.node.client.Start(ctx, ipn.Options{AuthKey: key})
	if err == nil {
		err = l.node.client.StartLoginInteractive(ctx)
	}
	if err != nil && ctx.Err() == nil {
		l.node.fail(protocol.Failure{Code: protocol.LoginRefused, Message: "tsnet does not log in again"})
	}
}
