package dev.sluice.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a directory that is a host: it has a shell, so that a distribution can be run there. */
class HostDistributionTest {
    @TempDir
    private Path directory;

    private Path root;
    private Path source;
    private HostDistribution distribution;

    @BeforeEach
    void host() throws IOException {
        Path busybox = Path.of("/bin/busybox");
        assumeTrue(Files.getOwner(Path.of("/proc/self")).getName().equals("root"), "chroot needs root");
        assumeTrue(Files.isExecutable(busybox), "busybox is not installed");
        root = Files.createDirectories(directory.resolve("host"));
        Path bin = Files.createDirectories(root.resolve("bin"));
        Files.copy(busybox, bin.resolve("busybox"));
        Files.createSymbolicLink(bin.resolve("sh"), Path.of("busybox"));
        Files.createDirectories(root.resolve("opt"));
        source = directory.resolve("source");
        Files.createDirectories(source.resolve("bin"));
        Files.createDirectories(source.resolve("lib"));
        Files.createSymbolicLink(source.resolve("lib/link"), Path.of("../bin/sluice"));
        program("exit 0");
        distribution = new HostDistribution(new NodeHost(root));
    }

    private void program(String line) throws IOException {
        Path program = source.resolve("bin/sluice");
        Files.writeString(program, "#!/bin/sh\n" + line + "\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private void archiver(String line) throws IOException {
        Path program = source.resolve("bin/sluice-archive");
        Files.writeString(program, "#!/bin/sh\n" + line + "\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private Path version(String id) {
        return root.resolve("opt/sluice-versions").resolve(id);
    }

    @Test
    void aVersionIsCopiedAsItIsAndNotUsedYet() throws IOException {
        String id = distribution.add(source);

        assertThat(version(id).resolve("bin/sluice"))
                .isExecutable()
                .hasSameTextualContentAs(source.resolve("bin/sluice"));
        assertThat(Files.readSymbolicLink(version(id).resolve("lib/link"))).isEqualTo(Path.of("../bin/sluice"));
        assertThat(distribution.current()).isEmpty();
    }

    @Test
    void theSameBytesAreTheSameVersionOthersAreNot() throws IOException {
        String first = distribution.add(source);
        assertThat(distribution.add(source)).isEqualTo(first);

        program("exit 0 # changed");
        String second = distribution.add(source);
        Files.setPosixFilePermissions(source.resolve("bin/sluice"), PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.createFile(source.resolve("lib/empty"));
        String third = distribution.add(source);

        assertThat(List.of(first, second, third)).doesNotHaveDuplicates();
    }

    @Test
    void theLinkNamesWhatIsInUseAsTheHostSeesIt() throws IOException {
        String id = distribution.add(source);

        assertThat(distribution.use(id)).isTrue();
        assertThat(distribution.use(id)).isFalse();

        assertThat(Files.readSymbolicLink(root.resolve("opt/sluice"))).isEqualTo(Path.of("sluice-versions", id));
        assertThat(distribution.current()).isEqualTo(Optional.of(id));
    }

    @Test
    void whatTheHostCannotRunIsNotLeftThere() throws IOException {
        program("echo 'libc is too old' >&2; exit 1");

        assertThatThrownBy(() -> distribution.add(source))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("the host cannot run Sluice: libc is too old.");
        assertThat(root.resolve("opt/sluice-versions")).isEmptyDirectory();
    }

    /** Where it will be used, since it holds paths. */
    @Test
    void theArchiveOfClassesIsMadeOnceInTheVersionsOwnPlace() throws IOException {
        archiver("echo \"$0\" >> \"${0%/bin/*}/lib/sluice.jsa\"");
        String id = distribution.add(source);

        assertThat(distribution.archiveClasses(id)).isEmpty();
        assertThat(distribution.archiveClasses(id)).isEmpty();

        assertThat(version(id).resolve("lib/sluice.jsa"))
                .hasContent("/opt/sluice-versions/" + id + "/bin/sluice-archive");
        assertThat(distribution.add(source)).isEqualTo(id);
    }

    @Test
    void whyThereIsNoArchiveIsSaidAndTheVersionStays() throws IOException {
        archiver("echo 'this Java'; echo 'made none' >&2; exit 1");
        String id = distribution.add(source);

        assertThat(distribution.archiveClasses(id)).contains("this Java made none");
        assertThat(version(id).resolve("bin/sluice")).exists();
    }

    /** The pod was killed while it copied. */
    @Test
    void halfACopyIsMadeAgain() throws IOException {
        String id = distribution.add(source);
        Path whole = version(id);
        Path partial = whole.resolveSibling(id + ".partial");
        Files.move(whole, partial);
        Files.delete(partial.resolve("bin/sluice"));
        Files.createFile(partial.resolve("rest"));

        assertThat(distribution.add(source)).isEqualTo(id);

        assertThat(whole.resolve("bin/sluice")).exists();
        assertThat(whole.resolve("rest")).doesNotExist();
        assertThat(partial).doesNotExist();
    }

    @Test
    void oldVersionsGoButNotThoseThatAreKept() throws IOException {
        String first = distribution.add(source);
        program("exit 0 # 2");
        String second = distribution.add(source);
        program("exit 0 # 3");
        String third = distribution.add(source);

        distribution.keepOnly(List.of(second, third));

        assertThat(version(first)).doesNotExist();
        assertThat(version(second)).exists();
        assertThat(version(third)).exists();
    }

    @Test
    void removedNothingIsLeft() throws IOException {
        distribution.use(distribution.add(source));

        distribution.remove();
        distribution.remove();

        assertThat(root.resolve("opt")).isEmptyDirectory();
        assertThat(source.resolve("bin/sluice")).exists();
    }

    @Test
    void aLinkOutOfAVersionIsNotFollowedWhenItGoes() throws IOException {
        Path precious = Files.createDirectories(root.resolve("srv/precious"));
        String id = distribution.add(source);
        Files.createSymbolicLink(version(id).resolve("lib/out"), precious.getParent());

        distribution.remove();

        assertThat(precious).exists();
    }

    @Test
    void whatSomebodyElseHasPutThereStays() throws IOException {
        Path theirs = Files.createDirectories(root.resolve("opt/sluice/bin"));
        String id = distribution.add(source);

        assertThatThrownBy(distribution::requireOurs).hasMessageContaining("/opt/sluice on the host was not put there");
        assertThatThrownBy(() -> distribution.use(id)).hasMessageContaining("uninstall that Sluice first");
        distribution.remove();

        assertThat(theirs).exists();
    }

    @Test
    void aLinkToElsewhereIsSomebodyElses() throws IOException {
        Files.createSymbolicLink(root.resolve("opt/sluice"), Path.of("/usr/lib/sluice"));

        assertThat(distribution.current()).isEmpty();
        assertThatThrownBy(distribution::requireOurs).isInstanceOf(IOException.class);
    }

    @Test
    void besideADebianPackageNothingIsInstalled() throws IOException {
        Files.createDirectories(root.resolve("usr/lib/systemd/system"));
        Files.createFile(root.resolve("usr/lib/systemd/system/sluice.service"));

        assertThatThrownBy(distribution::requireOurs)
                .hasMessageContaining(
                        "the host has a package of Sluice, whose unit is /usr/lib/systemd/system/sluice.service");
    }
}
