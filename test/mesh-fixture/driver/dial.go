package driver

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"time"
)

const dialTimeout = 20 * time.Second

// Dial asks the node for a connection to a peer. The error is the node's.
func (n *Node) Dial(target string) (net.Conn, error) {
	connection, err := net.Dial("unix", n.path("dial"))
	if err != nil {
		return nil, err
	}
	_ = connection.SetDeadline(time.Now().Add(dialTimeout))
	if err := ask(connection, target); err != nil {
		_ = connection.Close()
		return nil, err
	}
	_ = connection.SetDeadline(time.Time{})
	return connection, nil
}

func ask(connection net.Conn, target string) error {
	request, err := json.Marshal(map[string]string{"dial": target})
	if err != nil {
		return err
	}
	if _, err := connection.Write(append(request, '\n')); err != nil {
		return err
	}
	var line []byte
	for next := make([]byte, 1); ; line = append(line, next[0]) {
		if _, err := io.ReadFull(connection, next); err != nil {
			return err
		}
		if next[0] == '\n' {
			break
		}
	}
	var answer struct {
		OK    bool
		Error string
	}
	if err := json.Unmarshal(line, &answer); err != nil {
		return err
	}
	if !answer.OK {
		return errors.New(answer.Error)
	}
	return nil
}

// Echo sends back all bytes of each inbound connection, until the node is closed.
func (n *Node) Echo() {
	go func() {
		for {
			connection, err := n.Inbound.Accept()
			if err != nil {
				return
			}
			go func() {
				defer connection.Close()
				_, _ = io.Copy(connection, connection)
			}()
		}
	}()
}
