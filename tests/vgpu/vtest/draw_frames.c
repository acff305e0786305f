/* A program that draws with whatever GL it is given: for each byte on standard input
 * (the frame's number) it draws that frame and writes its pixels to standard output.
 * Everything is made at the beginning: three textures, two with levels, vertices and
 * indices in buffers, two programs, a framebuffer that is drawn into and then drawn
 * from. Its first answer is the renderer's name, 64 bytes. In place of all that
 *   fill     fills the memory with textures, and its answer is how many it got until GL
 *            said that there is no more, and whether a small one is to be had then: 2 bytes
 *   endless  draws a picture that takes for ever, as often as it can */
#include "frames.h"
#include <epoxy/egl.h>
#include <epoxy/gl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
__attribute__((visibility("default"))) const char *__asan_default_options(void);

/* Mesa keeps much until the end. */
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

enum {
	TEXTURE_PX = 64,
	SMALL_PX = 32,
};

static struct {
	GLuint screen, small, small_picture, checks, levels, made_levels, vertices, indices, picture_program,
			plain_program;
} gl;

static void fail(const char *what)
{
	fprintf(stderr, "draw_frames: %s\n", what);
	exit(1);
}

static void make_context(void)
{
	EGLDisplay display = eglGetPlatformDisplayEXT(EGL_PLATFORM_SURFACELESS_MESA, NULL, NULL);
	static const EGLint attributes[] = { EGL_CONTEXT_CLIENT_VERSION, 2, EGL_NONE };
	EGLContext context;

	if (!eglInitialize(display, NULL, NULL) || !eglBindAPI(EGL_OPENGL_ES_API))
		fail("no EGL");
	context = eglCreateContext(display, EGL_NO_CONFIG_KHR, EGL_NO_CONTEXT, attributes);
	if (!context || !eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, context))
		fail("no context");
}

static GLuint make_shader(GLenum type, const char *text)
{
	GLuint shader = glCreateShader(type);
	GLint ok;

	glShaderSource(shader, 1, &text, NULL);
	glCompileShader(shader);
	glGetShaderiv(shader, GL_COMPILE_STATUS, &ok);
	if (!ok)
		fail("a shader does not compile");
	return shader;
}

static GLuint make_program(const char *fragment)
{
	static const char vertex[] = "attribute vec2 at; attribute vec2 where; varying vec2 texel;\n"
				     "uniform vec4 turn; uniform vec2 shift;\n"
				     "void main() { texel = where;\n"
				     "gl_Position = vec4(mat2(turn.xy, turn.zw) * at + shift, 0.0, 1.0); }\n";
	GLuint program = glCreateProgram();

	glAttachShader(program, make_shader(GL_VERTEX_SHADER, vertex));
	glAttachShader(program, make_shader(GL_FRAGMENT_SHADER, fragment));
	glBindAttribLocation(program, 0, "at");
	glBindAttribLocation(program, 1, "where");
	glLinkProgram(program);
	return program;
}

static GLuint make_texture(GLenum filter)
{
	GLuint texture;

	glGenTextures(1, &texture);
	glBindTexture(GL_TEXTURE_2D, texture);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, (GLint)filter);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
	return texture;
}

static GLuint make_target(GLuint *picture, int width, int height)
{
	GLuint framebuffer;

	*picture = make_texture(GL_NEAREST);
	glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA, width, height, 0, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
	glGenFramebuffers(1, &framebuffer);
	glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
	glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, *picture, 0);
	if (glCheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE)
		fail("no framebuffer");
	return framebuffer;
}

static void make_pictures(void)
{
	static uint8_t pixels[TEXTURE_PX * TEXTURE_PX * 4];

	for (int i = 0; i < TEXTURE_PX * TEXTURE_PX; i++) {
		int x = i % TEXTURE_PX, y = i / TEXTURE_PX;
		uint8_t pixel[] = { (uint8_t)(4 * x), (uint8_t)(4 * y), (x ^ y) & 8 ? 255 : 0, 255 };

		memcpy(pixels + 4 * i, pixel, 4);
	}
	gl.checks = make_texture(GL_NEAREST);
	glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA, TEXTURE_PX, TEXTURE_PX, 0, GL_RGBA, GL_UNSIGNED_BYTE, pixels);
	/* A part that comes later, so that the last upload is not the whole. */
	memset(pixels, 200, 16 * 16 * 4);
	glTexSubImage2D(GL_TEXTURE_2D, 0, 8, 24, 16, 16, GL_RGBA, GL_UNSIGNED_BYTE, pixels);
	gl.levels = make_texture(GL_NEAREST_MIPMAP_NEAREST);
	for (int level = 0, size = TEXTURE_PX; size; level++, size /= 2) {
		memset(pixels, 40 * level + 15, (size_t)size * (size_t)size * 4);
		glTexImage2D(GL_TEXTURE_2D, level, GL_RGBA, size, size, 0, GL_RGBA, GL_UNSIGNED_BYTE, pixels);
	}
	memset(pixels, 99, sizeof pixels);
	gl.made_levels = make_texture(GL_NEAREST_MIPMAP_NEAREST);
	glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA, TEXTURE_PX, TEXTURE_PX, 0, GL_RGBA, GL_UNSIGNED_BYTE, pixels);
	glGenerateMipmap(GL_TEXTURE_2D);
}

static void make_all(void)
{
	static const float vertices[] = { -0.7f, -0.7f, 0, 0, 0.7f, -0.7f, 1, 0, 0.7f, 0.7f, 1, 1, -0.7f,
		0.7f, 0, 1 };
	static const uint16_t indices[] = { 0, 1, 2, 0, 2, 3 };
	GLuint screen_picture;

	make_pictures();
	gl.small = make_target(&gl.small_picture, SMALL_PX, SMALL_PX);
	gl.screen = make_target(&screen_picture, FRAME_WIDTH, FRAME_HEIGHT);
	gl.picture_program = make_program("precision mediump float; varying vec2 texel;\n"
					  "uniform sampler2D picture;\n"
					  "void main() { gl_FragColor = texture2D(picture, texel); }\n");
	gl.plain_program = make_program("precision mediump float; uniform vec4 color;\n"
					"void main() { gl_FragColor = color; }\n");
	glGenBuffers(1, &gl.vertices);
	glBindBuffer(GL_ARRAY_BUFFER, gl.vertices);
	glBufferData(GL_ARRAY_BUFFER, sizeof vertices, vertices, GL_STATIC_DRAW);
	glGenBuffers(1, &gl.indices);
	glBindBuffer(GL_ELEMENT_ARRAY_BUFFER, gl.indices);
	glBufferData(GL_ELEMENT_ARRAY_BUFFER, sizeof indices, indices, GL_STATIC_DRAW);
	glVertexAttribPointer(0, 2, GL_FLOAT, GL_FALSE, 16, NULL);
	glVertexAttribPointer(1, 2, GL_FLOAT, GL_FALSE, 16, (const void *)8);
	glEnableVertexAttribArray(0);
	glEnableVertexAttribArray(1);
}

/* Turned by quarters, so that no pixel depends on how exactly somebody computes. */
static void draw_square(GLuint program, int quarters, float size, float x, float y)
{
	static const float turns[4][4] = { { 1, 0, 0, 1 }, { 0, 1, -1, 0 }, { -1, 0, 0, -1 },
		{ 0, -1, 1, 0 } };
	float turn[4];

	for (int i = 0; i < 4; i++)
		turn[i] = size * turns[quarters & 3][i];
	glUseProgram(program);
	glUniform4fv(glGetUniformLocation(program, "turn"), 1, turn);
	glUniform2f(glGetUniformLocation(program, "shift"), x, y);
	glDrawElements(GL_TRIANGLES, 6, GL_UNSIGNED_SHORT, NULL);
}

static void draw_frame(int frame)
{
	float color[] = { (float)(frame % 5) / 4, 1, (float)(frame % 3) / 2, 1 };

	glBindFramebuffer(GL_FRAMEBUFFER, gl.small);
	glViewport(0, 0, SMALL_PX, SMALL_PX);
	glClearColor(1, 1, 0, 1);
	glClear(GL_COLOR_BUFFER_BIT);
	glUseProgram(gl.plain_program);
	glUniform4fv(glGetUniformLocation(gl.plain_program, "color"), 1, color);
	draw_square(gl.plain_program, 0, 0.5f, 0, 0);
	glBindFramebuffer(GL_FRAMEBUFFER, gl.screen);
	glViewport(0, 0, FRAME_WIDTH, FRAME_HEIGHT);
	glClearColor(0.2f, 0.4f, 0.6f, 1);
	glClear(GL_COLOR_BUFFER_BIT);
	glBindTexture(GL_TEXTURE_2D, gl.checks);
	draw_square(gl.picture_program, frame, 0.9f, -0.3f, 0);
	glBindTexture(GL_TEXTURE_2D, gl.levels);
	draw_square(gl.picture_program, 0, 0.15f, 0.7f, 0.6f);
	glBindTexture(GL_TEXTURE_2D, gl.made_levels);
	draw_square(gl.picture_program, 0, 0.15f, 0.2f, 0.6f);
	glBindTexture(GL_TEXTURE_2D, gl.small_picture);
	draw_square(gl.picture_program, 0, 0.4f, 0.6f, -0.4f);
}

static void write_all(const void *data, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = write(STDOUT_FILENO, (const uint8_t *)data + at, len - at);

		if (n <= 0)
			exit(1);
		at += (size_t)n;
	}
}

static bool fill_one(int size)
{
	void *pixels = calloc(4, (size_t)size * (size_t)size);
	GLenum error;

	make_texture(GL_NEAREST);
	glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA, size, size, 0, GL_RGBA, GL_UNSIGNED_BYTE, pixels);
	error = glGetError();
	free(pixels);
	if (error && error != GL_OUT_OF_MEMORY)
		fail("another error than that of memory");
	return !error;
}

static int fill(void)
{
	uint8_t answer[2] = { 0 };

	while (answer[0] < 100 && fill_one(FILL_PX))
		answer[0]++;
	answer[1] = fill_one(TEXTURE_PX);
	write_all(answer, sizeof answer);
	return 0;
}

/* Loops within loops: a driver may end one by itself. */
static int draw_without_end(void)
{
	GLuint picture, program;

	make_all();
	make_target(&picture, FILL_PX, FILL_PX);
	glViewport(0, 0, FILL_PX, FILL_PX);
	program = make_program("precision highp float; uniform vec4 color;\n"
			       "void main() { float sum = color.x;\n"
			       "for (int i = 0; i < 60000; i++) {\n"
			       "for (int k = 0; k < 60000; k++) sum = fract(sum * 1.7 + gl_FragCoord.x); }\n"
			       "gl_FragColor = vec4(sum); }\n");
	while (!glGetError()) {
		draw_square(program, 0, 2, 0, 0);
		glFinish();
	}
	return 1;
}

int main(int argc, char **argv)
{
	static uint8_t pixels[FRAME_BYTES];
	char name[64] = { 0 };
	uint8_t frame;

	make_context();
	if (argc > 1)
		return strcmp(argv[1], "fill") == 0 ? fill() : draw_without_end();
	strncpy(name, (const char *)glGetString(GL_RENDERER), sizeof name - 1);
	make_all();
	write_all(name, sizeof name);
	while (read(STDIN_FILENO, &frame, 1) == 1) {
		draw_frame(frame);
		glReadPixels(0, 0, FRAME_WIDTH, FRAME_HEIGHT, GL_RGBA, GL_UNSIGNED_BYTE, pixels);
		if (glGetError())
			fail("GL error");
		write_all(pixels, sizeof pixels);
	}
	return 0;
}
