package mesh

import (
	"context"
	"time"
)

const (
	controlCheckInterval = 500 * time.Millisecond
	// askInterval is how long a node may take to notice that it was deleted. A question is one small request on the
	// connection that is open anyway; Headscale answers it from memory.
	askInterval = 2 * time.Second
	// politeInterval is for control servers that do not want to be asked.
	politeInterval = time.Minute
)

// controlWatch follows how this node and the control server stand to each other.
type controlWatch struct {
	node      *Node
	login     *login
	reachable bool
	// missed counts the checks since the poll ended.
	missed   int
	nextAsk  time.Time
	interval time.Duration
}

// watchControl tells when the control server is lost and found, and when it has forgotten this node. Peers stay
// reachable while it is lost.
func (n *Node) watchControl(ctx context.Context, login *login) {
	watch := &controlWatch{node: n, login: login, reachable: true, interval: askInterval}
	ticker := time.NewTicker(controlCheckInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			watch.check(ctx, now)
		}
	}
}

func (w *controlWatch) check(ctx context.Context, now time.Time) {
	// News of removed peers do not always come.
	w.node.closeStrangers(ctx)
	if w.node.server.Sys().HealthTracker.Get().GetInPollNetMap() {
		w.missed = 0
	} else {
		w.missed++
	}
	// A miss or two are a poll that begins anew.
	isOut := w.missed > 2 || !w.reachable
	if !isOut && now.Before(w.nextAsk) {
		return
	}
	if !w.node.membership.isJoined() {
		w.tell(ctx, probeControl(ctx, w.node.settings.ControlURL, probeTimeout) == nil)
		return
	}
	standing, err := w.node.askStanding(ctx)
	if err != nil {
		// The connection may be to a control server that is no longer there.
		w.tell(ctx, probeControl(ctx, w.node.settings.ControlURL, probeTimeout) == nil)
		return
	}
	w.tell(ctx, true)
	w.interval = askInterval
	switch standing {
	case standingUnknown:
		w.interval = politeInterval
	case standingForgotten:
		w.login.lost(ctx, messageForgotten)
	case standingExpired:
		w.login.lost(ctx, messageExpired)
	case standingMember:
	}
	w.nextAsk = now.Add(w.interval)
}

func (w *controlWatch) tell(ctx context.Context, reachable bool) {
	if w.reachable != reachable && ctx.Err() == nil {
		w.reachable = reachable
		w.node.events.Control(reachable)
	}
}
