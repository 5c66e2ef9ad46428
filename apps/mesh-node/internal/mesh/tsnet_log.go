package mesh

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"globalstacks/mesh-node/internal/protocol"
	"tailscale.com/types/logger"
)

const (
	// logFolderVariable names the folder for tsnet's own log; without it, that log is discarded.
	logFolderVariable = "GLOBALSTACKS_MESH_NODE_LOG_DIR"
	// maxLogBytes limits one file; the previous file is kept.
	maxLogBytes = 16 << 20
)

// tsnetLog is a file named after the node's host name, for debugging tsnet.
type tsnetLog struct {
	path     string
	maxBytes int64
	// hide removes secrets.
	hide  func(string) string
	mutex sync.Mutex
	file  *os.File
	size  int64
}

// openTsnetLog discards everything if no folder is named.
func openTsnetLog(settings protocol.Settings, hide func(string) string) (logf logger.Logf, closeLog func(), err error) {
	folder := os.Getenv(logFolderVariable)
	if folder == "" {
		return logger.Discard, func() {}, nil
	}
	log := &tsnetLog{path: filepath.Join(folder, settings.Hostname+".log"), maxBytes: maxLogBytes, hide: hide}
	if err := log.open(); err != nil {
		return nil, nil, protocol.Failure{Code: protocol.SettingsInvalid, Message: fmt.Sprintf("%s: %v", logFolderVariable, err)}
	}
	return log.write, log.close, nil
}

func (l *tsnetLog) open() error {
	if err := os.MkdirAll(filepath.Dir(l.path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(l.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	status, err := file.Stat()
	if err != nil {
		_ = file.Close()
		return err
	}
	l.file, l.size = file, status.Size()
	return nil
}

// write is tsnet's logger. On a full disk only lines of this log are lost.
func (l *tsnetLog) write(format string, arguments ...any) {
	words := strings.TrimSpace(l.hide(fmt.Sprintf(format, arguments...)))
	line := time.Now().UTC().Format("2006-01-02T15:04:05.000Z") + " " + strings.ReplaceAll(words, "\n", "\n  ") + "\n"
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.file == nil {
		return
	}
	if l.size+int64(len(line)) > l.maxBytes {
		l.beginAnew()
	}
	if l.file != nil {
		count, _ := l.file.WriteString(line)
		l.size += int64(count)
	}
}

func (l *tsnetLog) beginAnew() {
	_ = l.file.Close()
	l.file = nil
	if os.Rename(l.path, l.path+".1") == nil {
		_ = l.open()
	}
}

func (l *tsnetLog) close() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.file != nil {
		_ = l.file.Close()
		l.file = nil
	}
}
