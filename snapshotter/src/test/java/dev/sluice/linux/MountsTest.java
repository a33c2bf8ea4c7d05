package dev.sluice.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MountsTest {
    private final Linux linux = Linux.load();
    private final Mounts mounts = linux.mounts();

    @TempDir
    Path directory;

    @BeforeEach
    void needsRoot() throws IOException {
        assumeTrue(linux.lstat(Path.of("/proc/self")).uid() == 0, "mounting needs root");
    }

    @AfterEach
    void unmountAll() throws IOException {
        List<MountTable.Mount> left = new ArrayList<>(MountTable.read().under(directory));
        Collections.reverse(left);
        for (MountTable.Mount mount : left) {
            mounts.unmount(Path.of(mount.mountPoint()), Mounts.UnmountFlag.DETACH);
        }
    }

    @Test
    void mountsErofsOnARegularFileWithADeviceReadOnly() throws Exception {
        MkfsErofs.assumeUsable();
        MkfsErofs image = erofsImage();
        Path target = Files.createDirectory(directory.resolve("m"));

        mounts.erofs(image.metadata(), List.of(image.blob()), target, List.of());

        assertThat(Files.readString(target.resolve("hello"))).isEqualTo("hello, erofs");
        MountTable.Mount mount = MountTable.read().at(target).orElseThrow();
        assertThat(mount.type()).isEqualTo("erofs");
        assertThat(mount.options().split(",")).contains("ro").doesNotContain("nosuid", "nodev");
        assertThat(linux.statfs(target).type()).isEqualTo(FileSystemStatus.EROFS);
        mounts.unmount(target);
        assertThat(MountTable.read().at(target)).isEmpty();
    }

    @Test
    void mountsErofsFromPathsThatFsconfigIsTooShortFor() throws Exception {
        MkfsErofs.assumeUsable();
        MkfsErofs image = erofsImage();
        Path target = Files.createDirectory(directory.resolve("m"));
        Path deep = Files.createDirectories(directory.resolve("d".repeat(200)).resolve("e".repeat(200)));
        Path blob = Files.move(image.blob(), deep.resolve("blob"));

        mounts.erofs(image.metadata(), List.of(blob), target, List.of());

        assertThat(Files.readString(target.resolve("hello"))).isEqualTo("hello, erofs");
    }

    @Test
    void aWrongNumberOfDevicesIsRefused() throws Exception {
        MkfsErofs.assumeUsable();
        MkfsErofs image = erofsImage();
        Path target = Files.createDirectory(directory.resolve("m"));

        assertThatThrownBy(() -> mounts.erofs(image.metadata(), List.of(image.blob(), image.blob()), target, List.of()))
                .hasMessage("mount erofs on " + target + ": EINVAL (Invalid argument)")
                .asInstanceOf(type(LinuxException.class))
                .matches(e -> e.is(Errno.EINVAL));
        assertThat(MountTable.read().at(target)).isEmpty();
    }

    @Test
    void repeatsWhatTheKernelSaysOfABadOption() throws Exception {
        MkfsErofs.assumeUsable();
        MkfsErofs image = erofsImage();

        assertThatThrownBy(
                        () -> mounts.erofs(image.metadata(), List.of(image.blob()), directory, List.of("nonsense=1")))
                .hasMessageContaining("option nonsense=1")
                .hasMessageEndingWith("EINVAL (Invalid argument); erofs: Unknown parameter 'nonsense'");
    }

    @Test
    void neverMountsErofsWithDirectIo() {
        assertThatThrownBy(() -> mounts.erofs(directory, List.of(), directory, List.of("directio")))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void overlaysAWritableDirectoryOnPathsWithSeparators() throws IOException {
        Path lower = Files.createDirectory(directory.resolve("lower:1,x"));
        Path upper = Files.createDirectory(directory.resolve("upper,y"));
        Path work = Files.createDirectory(directory.resolve("work"));
        Path target = Files.createDirectory(directory.resolve("m"));
        Files.writeString(lower.resolve("below"), "1");

        mounts.overlay(List.of(lower), new Mounts.OverlayUpper(upper, work), target);
        Files.writeString(target.resolve("above"), "2");

        assertThat(target.resolve("below")).hasContent("1");
        assertThat(upper.resolve("above")).hasContent("2");
    }

    @Test
    void overlaysMoreLowersThanOnePageOfOptionsHolds() throws IOException {
        List<Path> lowers = lowers(100);
        Path target = Files.createDirectory(directory.resolve("m"));

        mounts.overlay(lowers, null, target);

        assertThat(target.resolve("same")).hasContent("from 0");
        assertThat(target.resolve("f99")).exists();
        assertThatThrownBy(() -> Files.writeString(target.resolve("new"), "x")).isInstanceOf(IOException.class);
    }

    @Test
    void overlaysAsManyLowersAsTheKernelTakesWhereItDoesNotTakeThemOneByOne() throws IOException {
        List<Path> lowers = lowers(499);
        Path upper = Files.createDirectory(directory.resolve("upper"));
        Path work = Files.createDirectory(directory.resolve("work"));
        Path target = Files.createDirectory(directory.resolve("m"));

        mounts.overlayByDescriptors(lowers, new Mounts.OverlayUpper(upper, work), target);
        Files.writeString(target.resolve("new"), "x");

        assertThat(target.resolve("same")).hasContent("from 0");
        assertThat(target.resolve("f498")).exists();
        assertThat(upper.resolve("new")).hasContent("x");
        assertThat(Path.of("").toAbsolutePath())
                .as("working directory")
                .isEqualTo(Path.of("/proc/self/cwd").toRealPath());
    }

    @Test
    void saysWhichOfManyLowersIsMissing() throws IOException {
        List<Path> lowers = new ArrayList<>(lowers(2));
        lowers.add(directory.resolve("missing"));

        assertThatThrownBy(() -> mounts.overlayByDescriptors(lowers, null, directory))
                .hasMessage("open " + directory.resolve("missing") + ": ENOENT (No such file or directory)");
    }

    private List<Path> lowers(int count) throws IOException {
        List<Path> lowers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Path lower = Files.createDirectory(directory.resolve("l".repeat(60) + i));
            Files.writeString(lower.resolve("f" + i), "");
            Files.writeString(lower.resolve("same"), "from " + i);
            lowers.add(lower);
        }
        return lowers;
    }

    @Test
    void bindsADirectoryAndDetachesItWhileInUse() throws IOException {
        Path source = Files.createDirectory(directory.resolve("s"));
        Path target = Files.createDirectory(directory.resolve("m"));
        Files.writeString(source.resolve("f"), "1");
        mounts.bind(source, target);
        mounts.makePrivate(target);

        try (LinuxFile open = linux.open(target.resolve("f"), OpenFlags.O_RDONLY, 0)) {
            assertThatThrownBy(() -> mounts.unmount(target))
                    .asInstanceOf(type(LinuxException.class))
                    .matches(e -> e.is(Errno.EBUSY));
            mounts.unmount(target, Mounts.UnmountFlag.DETACH);

            assertThat(target).isEmptyDirectory();
            assertThat(open.size()).isEqualTo(1);
        }
    }

    @Test
    void aFuseMountIsLeftOutOfCopiesOfTheDirectoriesAboveIt() throws Exception {
        assumeTrue(Files.exists(Path.of("/dev/fuse")), "needs FUSE");
        Path above = Files.createDirectories(directory.resolve("above"));
        Path target = Files.createDirectory(above.resolve("fuse"));
        Path copy = Files.createDirectory(directory.resolve("copy"));
        try (LinuxFile device = linux.open(Path.of("/dev/fuse"), OpenFlags.O_RDWR, 0)) {
            mounts.fuse(device, "test", "test", target, 4096);

            Process rbind = new ProcessBuilder("mount", "--rbind", above.toString(), copy.toString()).start();

            assertThat(rbind.waitFor()).isZero();
            assertThat(MountTable.read().at(target)).isPresent();
            assertThat(MountTable.read().at(copy)).isPresent();
            assertThat(MountTable.read().under(copy))
                    .extracting(MountTable.Mount::mountPoint)
                    .doesNotContain(copy.resolve("fuse").toString());
            mounts.unmount(target, Mounts.UnmountFlag.DETACH);
        }
    }

    @Test
    void doesNotUnmountThroughASymbolicLink() throws IOException {
        Path source = Files.createDirectory(directory.resolve("s"));
        Path target = Files.createDirectory(directory.resolve("m"));
        mounts.bind(source, target);
        Path link = Files.createSymbolicLink(directory.resolve("link"), target);

        assertThatThrownBy(() -> mounts.unmount(link)).isInstanceOf(LinuxException.class);
        assertThat(MountTable.read().at(target)).isPresent();
    }

    private MkfsErofs erofsImage() throws IOException, InterruptedException {
        Path tree = Files.createDirectory(directory.resolve("tree"));
        Files.writeString(tree.resolve("hello"), "hello, erofs");
        return MkfsErofs.build(tree, directory);
    }
}
