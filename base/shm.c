#include <base/shm.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int shm_create(const char *name, size_t len)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING), saved;

	if (fd < 0)
		return ERR_IO;
	if (ftruncate(fd, (off_t)len) == 0 &&
			fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return errno == ENOMEM || errno == ENOSPC ? ERR_MEMORY : ERR_IO;
}

int shm_check(int fd, size_t len)
{
	struct stat st;
	int seals;

	if (fstat(fd, &st) < 0)
		return ERR_IO;
	/* Only memfds and shmem files know seals. */
	seals = fcntl(fd, F_GET_SEALS);
	if (!S_ISREG(st.st_mode) || seals < 0 || !(seals & F_SEAL_SHRINK) || (uint64_t)st.st_size < len)
		return ERR_FORMAT;
	return 0;
}

uint8_t *shm_map(int fd, size_t len)
{
	void *map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return map == MAP_FAILED ? NULL : map;
}

void shm_unmap(uint8_t *map, size_t len)
{
	if (map)
		munmap(map, len);
}
