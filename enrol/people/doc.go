// Package people is the register of people as rows and bytes: the one JSON form
// in which a file, a table and a register service say the same of somebody, the
// port to whoever answers ([Source]), and the import of a file into a table.
//
// What comes in is judged as hostile bytes: sizes, unknown and repeated members,
// dates, codes and words of the tables. An answer is only read as that of the
// person who was asked for. What is wrong is told by its place, never by content.
//
// It also says what an answer forbids ([Admit], [Usable], [Consenting]), so that
// each way of registering refuses for the same reasons. It asks no network and
// keeps nothing; package enrol/population speaks to services, store/people to
// the database.
package people
