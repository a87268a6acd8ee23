// Package trust keeps what the trust services decide: certificates and their
// status, and the audit log: the ports of the packages under trust/.
package trust
