// Package evaluation counts how often the liveness check takes films of package
// clip for a living person: of invented people over skin tones, and of each
// species of attack (ISO/IEC 30107-3: an APCER for each, never averaged).
//
// All is drawn of one seed. The figures say what the check does with what the
// renderer draws. They are no rates of errors in the world, and are not to be
// called APCER or BPCER of the product: for that a laboratory and people are
// needed.
package evaluation
