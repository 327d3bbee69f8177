package faulttest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"sync"
	"time"
)

// ca is a certificate authority of the lab.
type ca struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

// The lab's clients trust authority; nobody trusts stranger.
var (
	authority = sync.OnceValue(newCA)
	stranger  = sync.OnceValue(newCA)
)

// Virtual time starts in the year 2000.
var (
	longAgo = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)
	farAway = time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC)
)

func newCA() *ca {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "Example CA"},
		NotBefore:             longAgo,
		NotAfter:              farAway,
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	cert := must(x509.ParseCertificate(must(x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key))))
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &ca{cert, key, pool}
}

// trustingConfig is a client's configuration that trusts authority.
func trustingConfig() *tls.Config { return &tls.Config{RootCAs: authority().pool} }

// config is a server's configuration for a name or address.
func (c *ca) config(host string, protocols ...string) *tls.Config {
	return c.configBetween(host, longAgo, farAway, protocols...)
}

func (c *ca) configBetween(host string, notBefore, notAfter time.Time, protocols ...string) *tls.Config {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2),
		Subject:      pkix.Name{CommonName: "Example server"},
		NotBefore:    notBefore,
		NotAfter:     notAfter,
	}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{host}
	}
	cert := must(x509.CreateCertificate(rand.Reader, template, c.cert, &key.PublicKey, c.key))
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{cert}, PrivateKey: key}}, NextProtos: protocols}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
