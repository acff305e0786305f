#include "export.h"
#include <unistd.h>
#include <virgl/virglrenderer.h>

static int query(struct virgl_renderer_export_query *q, uint32_t resource, bool with_fds,
		export_execute *execute)
{
	*q = (struct virgl_renderer_export_query){
		.hdr = { .stype = VIRGL_RENDERER_STRUCTURE_TYPE_EXPORT_QUERY, .size = sizeof *q },
		.in_resource_id = resource,
		.in_export_fds = with_fds,
		.out_fds = { -1, -1, -1, -1 },
	};
	return execute(q, sizeof *q);
}

static void close_all(const struct virgl_renderer_export_query *q)
{
	for (int i = 0; i < 4; i++) {
		if (q->out_fds[i] >= 0)
			close(q->out_fds[i]);
	}
}

enum render_result export_dmabuf(struct export_picture *picture, uint32_t resource, export_execute *execute)
{
	struct virgl_renderer_export_query q;

	if (query(&q, resource, false, execute) != 0 || q.out_num_fds != 1 || q.out_fourcc == 0)
		return RENDER_FAILED;
	if (query(&q, resource, true, execute) != 0)
		return RENDER_FAILED;
	if (q.out_num_fds != 1 || q.out_fourcc == 0 || q.out_fds[0] < 0) {
		close_all(&q);
		return RENDER_FAILED;
	}
	*picture = (struct export_picture){ q.out_fds[0], q.out_fourcc, q.out_strides[0], q.out_offsets[0],
		q.out_modifier };
	return RENDER_OK;
}
