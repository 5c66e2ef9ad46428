package mesh

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"globalstacks/mesh-fixture/fixture"
	"globalstacks/mesh-node/internal/protocol"
)

const (
	meshPort = 7443
	deadline = 20 * time.Second
)

func TestMain(m *testing.M) {
	PrepareEnvironment()
	os.Exit(m.Run())
}

// told collects the events of a node.
type told struct {
	mutex  sync.Mutex
	events []map[string]any
}

func (t *told) Write(line []byte) (int, error) {
	var event map[string]any
	if err := json.Unmarshal(line, &event); err != nil {
		return 0, err
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.events = append(t.events, event)
	return len(line), nil
}

func (t *told) find(name string) map[string]any {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for _, event := range t.events {
		if event["event"] == name {
			return event
		}
	}
	return nil
}

type testNode struct {
	told    *told
	folder  string
	inbound net.Listener
	ended   chan error
	stop    context.CancelFunc
}

func startNode(t *testing.T, controlURL, key string) *testNode {
	t.Helper()
	folder, err := os.MkdirTemp("", "gs-mesh-")
	if err != nil {
		t.Fatal(err)
	}
	inbound, err := net.Listen("unix", filepath.Join(folder, "in"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	node := &testNode{told: &told{}, folder: folder, inbound: inbound, ended: make(chan error, 1), stop: stop}
	keys := make(chan string, 1)
	keys <- key
	settings := protocol.Settings{
		ControlURL: controlURL, Hostname: "node", StateFolder: filepath.Join(folder, "state"), Port: meshPort,
		DialSocket: filepath.Join(folder, "dial"), InboundSocket: filepath.Join(folder, "in"),
	}
	go func() { node.ended <- Run(ctx, settings, Commands{Keys: keys}, protocol.NewEvents(node.told)) }()
	t.Cleanup(func() {
		stop()
		_ = inbound.Close()
		_ = os.RemoveAll(folder)
	})
	return node
}

func (n *testNode) address(t *testing.T) string {
	t.Helper()
	var joined map[string]any
	await(t, "the node joins", func() bool {
		joined = n.told.find("joined")
		return joined != nil
	})
	return joined["addresses"].([]any)[0].(string)
}

// dial returns the connection and the node's answer.
func (n *testNode) dial(t *testing.T, target string) (net.Conn, string) {
	t.Helper()
	connection, err := net.Dial("unix", filepath.Join(n.folder, "dial"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	_ = connection.SetDeadline(time.Now().Add(deadline))
	_, _ = io.WriteString(connection, `{"dial":"`+target+`"}`+"\n")
	answer, err := bufio.NewReaderSize(connection, 16).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return connection, strings.TrimSpace(answer)
}

func await(t *testing.T, what string, probe func() bool) {
	t.Helper()
	for until := time.Now().Add(deadline); !probe(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

func startFixture(t *testing.T) *fixture.Fixture {
	t.Helper()
	control, err := fixture.Start(fixture.Options{Address: "127.0.0.1", EphemeralTimeout: fixture.DefaultEphemeralTimeout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(control.Close)
	return control
}

func TestNodesReachEachOtherAndNobodyElse(t *testing.T) {
	control := startFixture(t)
	a := startNode(t, control.ControlURL(), control.MintKey(false, time.Minute))
	b := startNode(t, control.ControlURL(), control.MintKey(false, time.Minute))
	a.address(t)
	there := b.address(t)

	go func() {
		for {
			connection, err := b.inbound.Accept()
			if err != nil {
				return
			}
			_, _ = io.Copy(connection, connection)
			_ = connection.Close()
		}
	}()
	connection, answer := a.dial(t, net.JoinHostPort(there, "7443"))
	if answer != `{"ok":true}` {
		t.Fatalf("dialling a peer: %s", answer)
	}
	_, _ = io.WriteString(connection, "there and back")
	_ = connection.(*net.UnixConn).CloseWrite()
	echoed, err := io.ReadAll(connection)
	if err != nil || string(echoed) != "there and back" {
		t.Fatalf("echoed %q, %v", echoed, err)
	}

	// The mesh must not reach listeners of the host, neither on loopback nor on all addresses.
	host, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	var reached atomic.Int32
	go func() {
		for {
			if _, err := host.Accept(); err != nil {
				return
			}
			reached.Add(1)
		}
	}()
	_, port, _ := net.SplitHostPort(host.Addr().String())
	for _, address := range []string{"127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "127.8.8.8", "192.0.2.1", "100.64.77.77", "100.100.100.100"} {
		if _, answer := a.dial(t, address+":"+port); !strings.Contains(answer, errNotAPeer.Error()) {
			t.Errorf("dialling %s: %s", address, answer)
		}
	}
	if reached.Load() != 0 {
		t.Errorf("%d connections came to the host", reached.Load())
	}
}

func TestFailuresHaveCodes(t *testing.T) {
	control := startFixture(t)
	used := control.MintKey(false, time.Minute)
	startNode(t, control.ControlURL(), used).address(t)
	down := startFixture(t)
	down.Down()
	for name, test := range map[string]struct {
		url, key string
		code     protocol.Code
	}{
		"unknown key":       {control.ControlURL(), "nonsense", protocol.KeyInvalid},
		"expired key":       {control.ControlURL(), control.MintKey(false, 0), protocol.KeyExpired},
		"used key":          {control.ControlURL(), used, protocol.KeyUsed},
		"no key":            {control.ControlURL(), "", protocol.KeyMissing},
		"server down":       {down.ControlURL(), "nonsense", protocol.ControlUnreachable},
		"no control server": {control.AdminURL(), "nonsense", protocol.ControlInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			node := startNode(t, test.url, test.key)
			select {
			case err := <-node.ended:
				var failure protocol.Failure
				if !errors.As(err, &failure) || failure.Code != test.code {
					t.Errorf("got %v, want %s", err, test.code)
				}
			case <-time.After(5 * time.Second):
				t.Error("no failure within 5 s")
			}
		})
	}
}
