package mesh

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"globalstacks/mesh-node/internal/protocol"
)

func TestWordsOfControlServers(t *testing.T) {
	for message, code := range map[string]protocol.Code{
		"authkey already used":                           protocol.KeyUsed,
		"authkey expired":                                protocol.KeyExpired,
		"invalid pre auth key":                           protocol.KeyInvalid,
		"AuthKey not found":                              protocol.KeyInvalid,
		"invalid key: API key does not exist":            protocol.KeyInvalid,
		"this user may have no more nodes":               protocol.LoginRefused,
		errorOf(t, expiredServer(t).URL):                 protocol.ControlUnreachable,
		errorOf(t, untrustedServer(t).URL):               protocol.ControlUnreachable,
		errorOf(t, "http://127.0.0.1:1"):                 protocol.ControlUnreachable,
		errorOf(t, "http://nowhere.invalid"):             protocol.ControlUnreachable,
		`Get "https://m/key": context deadline exceeded`: protocol.ControlUnreachable,
	} {
		if failure := loginFailure(message); failure.Code != code {
			t.Errorf("%q is taken for %s, not %s", message, failure.Code, code)
		}
	}
}

// The first probe names the fault of a control server whose certificate has expired.
func TestAnExpiredCertificateIsNoExpiredKey(t *testing.T) {
	err := probeControl(context.Background(), expiredServer(t).URL, firstProbeTimeout)
	var failure protocol.Failure
	if !errors.As(err, &failure) || failure.Code != protocol.ControlUnreachable {
		t.Errorf("got %v", err)
	}
}

// errorOf is Go's error for a server that it cannot use.
func errorOf(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err == nil {
		_ = response.Body.Close()
		t.Fatalf("%s answers %s", url, response.Status)
	}
	return err.Error()
}

func untrustedServer(t *testing.T) *httptest.Server {
	t.Helper()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	return server
}

// expiredServer has a certificate that this process trusts and that expired a minute ago.
func expiredServer(t *testing.T) *httptest.Server {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(-time.Minute),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{certificate}, PrivateKey: private}}}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}
