package mesh

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The log is bounded, however much tsnet writes, and contains the newest lines.
func TestTsnetsLogIsBounded(t *testing.T) {
	folder := t.TempDir()
	log := &tsnetLog{path: filepath.Join(folder, "node.log"), maxBytes: 1000, hide: func(text string) string { return text }}
	if err := log.open(); err != nil {
		t.Fatal(err)
	}
	defer log.close()
	for count := range 500 {
		log.write("line %d", count)
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 2 {
		t.Fatalf("%v, %v", entries, err)
	}
	all := ""
	for _, name := range []string{"node.log.1", "node.log"} {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil || len(text) > 1000 {
			t.Fatalf("%s has %d bytes, %v", name, len(text), err)
		}
		all += string(text)
	}
	for _, count := range []int{499, 498, 480} {
		if !strings.Contains(all, fmt.Sprintf("line %d\n", count)) {
			t.Errorf("line %d is missing", count)
		}
	}
}
