package asic

import (
	"fmt"
	"strings"

	"github.com/tunnus-id/tunnus/trust/asic/archive"
)

// MediaType is what a container says of itself (EN 319 162-1 §4.3).
const MediaType = "application/vnd.etsi.asic-e+zip"

// MaxSize bounds a container, and all that is in it together, in bytes.
const MaxSize = 64 << 20

// Limits of a container and of one signature.
const (
	maxFiles        = 64 // data files
	maxSignatures   = 16
	maxXML          = 4 << 20 // of each file under META-INF
	maxCertificates = 32
	maxAnswers      = 16
)

// Names in a container that are not data.
const (
	mimetypeName   = "mimetype"
	metaFolder     = "META-INF/"
	manifestName   = metaFolder + "manifest.xml"
	signaturesName = metaFolder + "signatures0.xml"
)

// Namespaces and identifiers.
const (
	nsDS           = "http://www.w3.org/2000/09/xmldsig#"
	nsXAdES        = "http://uri.etsi.org/01903/v1.3.2#"
	nsASiC         = "http://uri.etsi.org/02918/v1.2.1#"
	nsManifest     = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
	typeProperties = "http://uri.etsi.org/01903#SignedProperties"
	xmlHead        = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
	timeLayout     = "2006-01-02T15:04:05Z"
)

// A File is one data file of a container.
type File struct {
	Name    string // relative path; letters, digits, ".", "_", "-" and "/" when writing
	Type    string // media type, "application/json"
	Content []byte
}

// limits is what is taken from outside.
func limits() archive.Limits {
	each := func(name string) int {
		if reserved(name) {
			return maxXML
		}
		return MaxSize
	}
	return archive.Limits{Size: MaxSize, Entries: maxFiles + 2 + maxSignatures, File: each}
}

// reserved reports whether a name is not one of a data file.
func reserved(name string) bool {
	return strings.EqualFold(name, mimetypeName) || len(name) >= len(metaFolder) && strings.EqualFold(name[:len(metaFolder)], metaFolder)
}

// manifest writes META-INF/manifest.xml (EN 319 162-1 §4.4.3.2, OpenDocument 1.2 part 3 §4).
func manifest(files []File) []byte {
	var b strings.Builder
	b.WriteString(xmlHead + `<manifest:manifest xmlns:manifest="` + nsManifest + `" manifest:version="1.2">` +
		`<manifest:file-entry manifest:full-path="/" manifest:media-type="` + MediaType + `"/>`)
	for _, f := range files {
		fmt.Fprintf(&b, `<manifest:file-entry manifest:full-path="%s" manifest:media-type="%s"/>`, f.Name, f.Type)
	}
	b.WriteString(`</manifest:manifest>`)
	return []byte(b.String())
}
