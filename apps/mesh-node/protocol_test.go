package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"globalstacks/mesh-fixture/driver"
)

// spoken starts a mesh-node and sends it one line that is not a valid start.
func spoken(t *testing.T, line string) *driver.Node {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	node, err := driver.Spawn(driver.Options{
		Command: []string{executable}, Environment: []string{childMark + "=1"}, Folder: newFolder(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(node.Close)
	if err := node.SendLine(line); err != nil {
		t.Fatal(err)
	}
	return node
}

func TestAnotherProtocolIsRefusedWithBothVersions(t *testing.T) {
	node := spoken(t, `{"command":"start","protocol":7,"somethingNew":true}`)
	if hello := await(t, node, "hello", 0, patience); hello.Protocol != 1 {
		t.Errorf("says protocol %d", hello.Protocol)
	}
	failed := await(t, node, "failed", 0, typedWithin)
	if failed.Code != "MESH_PROTOCOL_MISMATCH" || !strings.Contains(failed.Message, "protocol 1") || !strings.Contains(failed.Message, "protocol 7") {
		t.Errorf("failed with %s: %s", failed.Code, failed.Message)
	}
	expectEnd(t, node, patience)
}

func TestWhatIsNoStartIsRefused(t *testing.T) {
	settings := `"controlUrl":"http://127.0.0.1:1","hostname":"node","stateFolder":"/s","dialSocket":"/d","inboundSocket":"/i","port":7443`
	for name, line := range map[string]string{
		"not JSON":              `start`,
		"unknown field":         `{"command":"start","protocol":1,` + settings + `,"exitNode":"x"}`,
		"unknown command":       `{"command":"stop"}`,
		"key before start":      `{"command":"auth-key","key":"hskey-auth-secret"}`,
		"no control server":     `{"command":"start","protocol":1,` + strings.Replace(settings, "http://127.0.0.1:1", "", 1) + `}`,
		"control with password": `{"command":"start","protocol":1,` + strings.Replace(settings, "127", "user:hskey-auth-secret@127", 1) + `}`,
		"host name with dots":   `{"command":"start","protocol":1,` + strings.Replace(settings, "node", "a.b", 1) + `}`,
		"relative state folder": `{"command":"start","protocol":1,` + strings.Replace(settings, `"/s"`, `"s"`, 1) + `}`,
		"no port":               `{"command":"start","protocol":1,` + strings.Replace(settings, "7443", "0", 1) + `}`,
		"two in a line":         `{"command":"start","protocol":1,` + settings + `}{}`,
	} {
		t.Run(name, func(t *testing.T) {
			node := spoken(t, line)
			expectFailure(t, node, "MESH_SETTINGS_INVALID")
			if strings.Contains(node.Events.Text()+node.Errors(), "secret") {
				t.Errorf("repeats what it was told: %s", node.Events.Text())
			}
		})
	}
}

func TestAnUnknownCommandLaterEndsTheNode(t *testing.T) {
	node, _ := joinedNode(t, startFixture(t), driver.Options{})
	if err := node.SendLine(`{"command":"warm","peers":["100.64.0.9"],"urgently":true}`); err != nil {
		t.Fatal(err)
	}
	expectFailure(t, node, "MESH_SETTINGS_INVALID")
}

func TestAKeyShowsNowhere(t *testing.T) {
	control := startFixture(t)
	good := control.MintKey(false, time.Minute)
	repeated := control.MintKeyThat("repeated", time.Minute)
	for name, key := range map[string]string{"one that is good": good, "one that the control server repeats": repeated} {
		t.Run(name, func(t *testing.T) {
			folder := newFolder(t)
			logs := "GLOBALSTACKS_MESH_NODE_LOG_DIR=" + filepath.Join(folder, "logs")
			node := startNode(t, driver.Options{ControlURL: control.ControlURL(), Folder: folder, Key: key, Environment: []string{logs}})
			if key == good {
				await(t, node, "joined", 0, patience)
				shown := processShows(t, node.PID())
				if strings.Contains(shown, key) {
					t.Error("shown with the process")
				}
			} else {
				expectFailure(t, node, "MESH_KEY_INVALID")
			}
			node.Close()
			if said := node.Events.Text() + node.Errors(); strings.Contains(said, key) {
				t.Errorf("said: %s", said)
			}
			expectNotWritten(t, folder, key)
		})
	}
}

// A setting names the folder of tsnet's own log; without it, tsnet writes nothing.
func TestTsnetsLogIsKeptWhereASettingSays(t *testing.T) {
	control := startFixture(t)
	folder := newFolder(t)
	logs := filepath.Join(folder, "logs")
	node, _ := joinedNode(t, control, driver.Options{Folder: folder, Environment: []string{"GLOBALSTACKS_MESH_NODE_LOG_DIR=" + logs}})
	node.Close()
	text, err := os.ReadFile(filepath.Join(logs, "node.log"))
	if err != nil || !strings.Contains(string(text), "magicsock") {
		t.Errorf("%d bytes were written, %v", len(text), err)
	}
	if node.Errors() != "" {
		t.Errorf("wrote to stderr: %s", node.Errors())
	}

	wrong := startNode(t, driver.Options{
		ControlURL: control.ControlURL(), Environment: []string{"GLOBALSTACKS_MESH_NODE_LOG_DIR=/dev/null/logs"},
	})
	failed := await(t, wrong, "failed", 0, typedWithin)
	if failed.Code != "MESH_SETTINGS_INVALID" || !strings.Contains(failed.Message, "GLOBALSTACKS_MESH_NODE_LOG_DIR") {
		t.Errorf("failed with %+v", failed)
	}
}

func processShows(t *testing.T, pid int) string {
	t.Helper()
	var shown strings.Builder
	for _, file := range []string{"cmdline", "environ"} {
		text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), file))
		if err != nil {
			t.Fatal(err)
		}
		shown.Write(text)
	}
	return shown.String()
}

func expectNotWritten(t *testing.T, folder, key string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), key) {
			t.Errorf("written to %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
