package mesh

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"globalstacks/mesh-node/internal/protocol"
)

const (
	lockFile = "lock"
	portFile = "udp-port.json"
	// lockTimeout is the time within which an earlier node of this folder, whose program has ended, leaves the mesh.
	lockTimeout  = closeTimeout + 2*time.Second
	lockInterval = 20 * time.Millisecond
)

// stateFolder is what a node keeps between its starts. Only one node may use it at a time: two with one key would
// displace each other from the mesh.
type stateFolder struct {
	path string
	lock *os.File
}

// openStateFolder waits until an earlier node has released the folder.
func openStateFolder(ctx context.Context, path string) (*stateFolder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, nodeFailed("no folder for the node's state", err)
	}
	lock, err := os.OpenFile(filepath.Join(path, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nodeFailed("no folder for the node's state", err)
	}
	ctx, cancel := context.WithTimeout(ctx, lockTimeout)
	defer cancel()
	for {
		err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return &stateFolder{path, lock}, nil
		}
		select {
		case <-ctx.Done():
			_ = lock.Close()
			return nil, protocol.Failure{Code: protocol.StateInUse, Message: fmt.Sprintf("another node uses %s", path)}
		case <-time.After(lockInterval):
		}
	}
}

func (f *stateFolder) close() { _ = f.lock.Close() }

// udpPort is the same at each start: peers keep sending to the node's old port for some seconds, and the restarted node
// receives that at once. If the port is taken, tsnet uses another.
func (f *stateFolder) udpPort() (uint16, error) {
	path := filepath.Join(f.path, portFile)
	var kept struct {
		Port uint16 `json:"port"`
	}
	if text, err := os.ReadFile(path); err == nil && json.Unmarshal(text, &kept) == nil && kept.Port != 0 {
		return kept.Port, nil
	} else if err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, err
	}
	probe, err := net.ListenPacket("udp", ":0")
	if err != nil {
		return 0, err
	}
	kept.Port = uint16(probe.LocalAddr().(*net.UDPAddr).Port)
	_ = probe.Close()
	text, err := json.Marshal(kept)
	if err != nil {
		return 0, err
	}
	return kept.Port, os.WriteFile(path, text, 0o600)
}
