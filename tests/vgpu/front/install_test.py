"""What QEMU and libvirt find of an installed oriel-vgpu (QEMU docs/interop/vhost-user.rst,
"Backend program conventions"). Run by ctest: install_test.py CMAKE BUILD_OF_FRONT"""
import glob, json, os, subprocess, sys, tempfile, unittest

CMAKE, BUILD = sys.argv[1:3]
FEATURES = {"render-node", "virgl"}  # QEMU docs/interop/vhost-user.json, VHostUserBackendCapabilitiesGPU


class InstallTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.TemporaryDirectory(prefix="oriel-install-")
        subprocess.run([CMAKE, "--install", BUILD], env=dict(os.environ, DESTDIR=cls.root.name), check=True,
                       stdout=subprocess.DEVNULL)
        cls.files = glob.glob(cls.root.name + "/**/share/qemu/vhost-user/*.json", recursive=True)

    @classmethod
    def tearDownClass(cls):
        cls.root.cleanup()

    def described(self):
        self.assertEqual([os.path.basename(path) for path in self.files], ["50-oriel-gpu.json"])
        with open(self.files[0]) as f:
            return json.load(f)

    def run_program(self, *arguments):
        program = self.described()["binary"]
        self.assertTrue(os.path.isabs(program))
        return subprocess.run([self.root.name + program, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=60)

    def test_libvirts_file(self):
        described = self.described()
        self.assertEqual(described["type"], "gpu")
        self.assertTrue(described["description"])
        self.assertLessEqual(set(described), {"type", "description", "binary", "tags"})

    def test_capabilities_of_what_it_names(self):
        done = self.run_program("--print-capabilities")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        capabilities = json.loads(done.stdout)
        self.assertEqual(set(capabilities), {"type", "features"})
        self.assertEqual(capabilities["type"], self.described()["type"])
        self.assertEqual(set(capabilities["features"]), FEATURES)

    def test_options_of_the_conventions(self):
        """They are taken: what it says is that nobody is at the broker's socket."""
        done = self.run_program("--socket-path", self.root.name + "/socket", "--render-node", "/dev/dri/renderD128",
                                "--virgl", "--broker", self.root.name + "/none")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "no broker at")

    def test_neither_socket(self):
        done = self.run_program()
        self.assertEqual((done.returncode, done.stderr), (2, "oriel-vgpu: either --fd or --socket-path is needed\n"))


unittest.main(argv=sys.argv[:1] + sys.argv[3:])
