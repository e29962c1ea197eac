// SPDX-License-Identifier: GPL-2.0
import java.nio.file.Files;
import java.nio.file.Path;

/* A heap of small objects that shrinks; then a child is started. */
public class Shrink {
	private static void tell(String when) throws Exception {
		for (String line : Files.readAllLines(Path.of("/proc/self/status")))
			if (line.startsWith("VmRSS") || line.startsWith("VmPTE"))
				System.err.println(when + ": " + line);
	}

	private static byte[][] fill(int mib) {
		byte[][] objects = new byte[mib * 262][];

		for (int i = 0; i < objects.length; i++)
			objects[i] = new byte[4000];
		return objects;
	}

	public static void main(String[] args) throws Exception {
		byte[][] objects = fill(Integer.parseInt(args[0]));

		tell("full, " + objects.length + " objects");
		objects = null;
		System.gc();
		System.gc();
		Thread.sleep(3000);	/* until a thread of the JVM gives it back */
		tell("empty");
		System.exit(new ProcessBuilder("/apps/bin/true").start().waitFor());
	}
}
