package mesh

import (
	"sync"

	"tailscale.com/ipn"
	"tailscale.com/tailcfg"
	"tailscale.com/types/key"
)

// membership is this node's own state in the mesh.
type membership struct {
	mutex  sync.Mutex
	state  ipn.State
	self   *tailcfg.Node
	joined bool
	// lost is the node key of an ended login. tsnet keeps reporting Running with it until the next login.
	lost key.NodePublic
}

// note takes a notification of tsnet and returns this node if the notification means that it has joined.
func (m *membership) note(news ipn.Notify) (self *tailcfg.Node, joined bool) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if news.State != nil {
		m.state = *news.State
	}
	if news.SelfChange != nil {
		m.self = news.SelfChange
	}
	isIn := m.state == ipn.Running && m.self != nil && !m.self.Expired && m.self.Key != m.lost && len(m.self.Addresses) > 0
	if m.joined || !isIn {
		return nil, false
	}
	m.joined = true
	return m.self, true
}

func (m *membership) lose() {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.joined = false
	if m.self != nil {
		m.lost = m.self.Key
	}
}

func (m *membership) isJoined() bool {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.joined
}

// current is this node as last described by the control server.
func (m *membership) current() (self tailcfg.NodeView, ok bool) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.self.View(), m.self != nil
}
