/*
 * File systems that cannot do what ext4 can, played for the calls of this process. In the unit
 * tests the linker leads the calls here (--wrap); as a library for LD_PRELOAD the environment
 * variable ODD_FS says what is lacking.
 */
#ifndef WADOKIT_TESTS_ODD_FS_H
#define WADOKIT_TESTS_ODD_FS_H

/* Words, separated by blanks; "" (the default) for none:
 *   notmpfile        O_TMPFILE is EOPNOTSUPP
 *   nolink=NUMBER    link fails with this errno
 *   norename2        a rename with flags is EINVAL
 *   noreplace        a rename onto a name that exists is EPERM
 *   noflock=NUMBER   flock fails with this errno
 *   nosync           fsync is EINVAL
 *   names=N          names over N bytes are ENAMETOOLONG, and fpathconf says so
 *   nocase           a name that is not there is looked for in lower case (fstatat)
 *   readonly=PREFIX  nothing can be made in a folder whose path ends so (EROFS)
 */
extern const char *odd_fs;

#endif
