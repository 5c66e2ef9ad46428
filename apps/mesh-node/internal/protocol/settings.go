package protocol

import (
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
)

// Settings are a node's start settings.
type Settings struct {
	// ControlURL is never empty: tsnet would use its vendor's public service.
	ControlURL    string
	Hostname      string
	StateFolder   string
	DialSocket    string
	InboundSocket string
	// Port is where peers reach this node inside the mesh.
	Port uint16
	// Ephemeral nodes are forgotten by the control server soon after they leave.
	Ephemeral bool
}

var hostnamePattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

func (s Settings) check() error {
	control, err := url.Parse(s.ControlURL)
	if err != nil || (control.Scheme != "http" && control.Scheme != "https") || control.Host == "" || control.User != nil {
		return fmt.Errorf("controlUrl: expected an http or https URL without user and password")
	}
	if !hostnamePattern.MatchString(s.Hostname) {
		return fmt.Errorf("hostname: expected a DNS label")
	}
	for field, path := range map[string]string{
		"stateFolder": s.StateFolder, "dialSocket": s.DialSocket, "inboundSocket": s.InboundSocket,
	} {
		if !filepath.IsAbs(path) {
			return fmt.Errorf("%s: expected an absolute path", field)
		}
	}
	if s.Port == 0 {
		return fmt.Errorf("port: expected 1 to 65535")
	}
	return nil
}
