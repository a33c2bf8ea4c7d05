package dev.sluice.ondemand.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.linux.Linux;
import dev.sluice.linux.MountTable;
import dev.sluice.linux.SystemInfo;
import dev.sluice.ondemand.ErofsMounter;
import dev.sluice.ondemand.FileBackedErofs;
import dev.sluice.ondemand.LoopErofs;
import dev.sluice.ondemand.ProbeResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FuseProbeTest {
    private final Linux linux = Linux.load();

    @TempDir
    Path scratch;

    @Test
    void provesFuseOnThisMachineAndLeavesNothingBehind() throws IOException {
        assumeTrue(SystemInfo.kernel().isAtLeast(6, 12), "EROFS on regular files needs Linux 6.12");

        provesFuseOn(new FileBackedErofs(linux.mounts()), "regular files");
    }

    @Test
    void provesFuseWithLoopDevices() throws IOException {
        assumeTrue(Files.exists(Path.of("/dev/loop-control")), "this kernel has no loop devices");

        provesFuseOn(new LoopErofs(linux.loopDevices(), linux.mounts()), "loop devices");
    }

    private void provesFuseOn(ErofsMounter erofs, String way) throws IOException {
        assumeTrue(linux.lstat(Path.of("/proc/self")).uid() == 0, "mounting needs root");
        assumeTrue(Files.exists(Path.of("/dev/fuse")), "there is no /dev/fuse");

        ProbeResult result = new FuseProbe(linux, erofs, scratch).run();

        assertThat(result.reason())
                .startsWith("a device was read through FUSE 7.")
                .endsWith(" and EROFS on " + way);
        assertThat(result.ok()).isTrue();
        assertThat(scratch).isEmptyDirectory();
        assertThat(MountTable.read().under(scratch)).isEmpty();
    }

    @Test
    void saysWhyItCouldNotTry() {
        ProbeResult result =
                new FuseProbe(linux, new FileBackedErofs(linux.mounts()), scratch.resolve("missing")).run();

        assertThat(result.ok()).isFalse();
        assertThat(result.reason()).contains("missing");
    }
}
