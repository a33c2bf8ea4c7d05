package dev.sluice.daemon;

import static java.util.Objects.requireNonNull;

import dev.sluice.index.PublishedIndex;
import dev.sluice.install.Host;
import dev.sluice.install.InstallPlan;
import dev.sluice.install.InstallTarget;
import dev.sluice.install.UninstallPlan;
import dev.sluice.mount.LayerExplanation;
import dev.sluice.node.NodeGate;
import dev.sluice.node.NodeInstaller;
import dev.sluice.node.NodeReleaser;
import dev.sluice.node.NodeUninstaller;
import dev.sluice.registry.Digest;
import dev.sluice.registry.ImageReference;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** What each command does once its arguments are understood. A failure's message is one sentence for the user. */
public record Runners(
        DaemonRunner daemon,
        MountRunner mount,
        UmountRunner umount,
        StatusRunner status,
        DoctorRunner doctor,
        RescueRunner rescue,
        CleanupRunner cleanup,
        IndexRunner index,
        ExplainRunner explain,
        NodeRunner node,
        InstallRunner install) {
    public Runners {
        requireNonNull(daemon, "daemon is null");
        requireNonNull(mount, "mount is null");
        requireNonNull(umount, "umount is null");
        requireNonNull(status, "status is null");
        requireNonNull(doctor, "doctor is null");
        requireNonNull(rescue, "rescue is null");
        requireNonNull(cleanup, "cleanup is null");
        requireNonNull(index, "index is null");
        requireNonNull(explain, "explain is null");
        requireNonNull(node, "node is null");
        requireNonNull(install, "install is null");
    }

    /** {@code sluice daemon}. */
    @FunctionalInterface
    public interface DaemonRunner {
        /** Serves until the process is asked to end. */
        void run(Config config) throws IOException, InterruptedException;
    }

    /** {@code sluice mount}. */
    @FunctionalInterface
    public interface MountRunner {
        /**
         * Mounts an image without containerd.
         *
         * @param reference with a tag or digest
         * @param directory absolute
         */
        void mount(Config config, ImageReference reference, Path directory) throws IOException;
    }

    /** {@code sluice umount}. */
    @FunctionalInterface
    public interface UmountRunner {
        /**
         * Takes a mount of {@link MountRunner} away.
         *
         * @param directory absolute
         */
        void umount(Config config, Path directory) throws IOException;
    }

    /** {@code sluice status}. */
    @FunctionalInterface
    public interface StatusRunner {
        /** Asks the daemon at {@link Config#admin}. */
        StatusReport status(Config config) throws IOException;
    }

    /** {@code sluice rescue}. */
    @FunctionalInterface
    public interface RescueRunner {
        /**
         * Answers with errors in the place of a daemon that does not run.
         *
         * @param once whether only to those who wait now; else until the process is asked to end
         */
        void rescue(Config config, boolean once) throws IOException;
    }

    /** {@code sluice cleanup}. */
    public interface CleanupRunner {
        /**
         * Takes away what no daemon needs any more, before Sluice is removed. Refuses to while something uses it.
         *
         * @param check whether only to look
         * @param delete whether what Sluice has made in the root directory goes, too
         */
        void cleanup(Config config, boolean check, boolean delete) throws IOException;

        /**
         * What {@code delete} would delete: the root directory, which goes only if nothing else is in it, and then what in it is Sluice's.
         *
         * @return empty if Sluice has never used the directory
         */
        List<Path> leftovers(Config config) throws IOException;
    }

    /** {@code sluice index}. */
    public interface IndexRunner {
        /**
         * The indexes that were published of an image, the oldest first. The registry's word, nothing is verified.
         *
         * @param image with a tag or digest
         */
        List<PublishedIndex> list(Config config, ImageReference image) throws IOException;

        /**
         * Makes the indexes of an image's plain layers that are missing on this node.
         *
         * @param image with a tag or digest
         */
        List<LayerIndexing> create(Config config, ImageReference image) throws IOException;

        /**
         * Publishes the indexes of an image's plain layers beside it; makes those that are missing.
         *
         * @param image with a tag or digest
         */
        Publication push(Config config, ImageReference image) throws IOException;

        /**
         * What an index is of one layer.
         *
         * @param layerBytes size of the layer's blob
         * @param indexBytes size of its index; 0 if the layer is not a plain one
         * @param made whether the layer was fetched for it
         * @param spans from how many places the layer can be decoded; 0 if only as a whole
         */
        record LayerIndexing(Digest layer, long layerBytes, long indexBytes, boolean made, int spans) {}

        /**
         * What was published.
         *
         * @param manifest of the image
         * @param artifact what to pin for it
         */
        record Publication(Digest manifest, Digest artifact, List<LayerIndexing> layers) {
            public Publication {
                layers = List.copyOf(layers);
            }
        }

        /**
         * Deletes a published index from the repository of an image.
         *
         * @param artifact as {@link #list} tells it
         */
        void remove(Config config, ImageReference image, Digest artifact) throws IOException;
    }

    /** {@code sluice explain}. */
    @FunctionalInterface
    public interface ExplainRunner {
        /**
         * Says what a pull of an image would come to on this machine; no daemon is needed.
         *
         * @param image with a tag or digest
         * @return the lowest layer first
         */
        List<LayerExplanation> explain(Config config, ImageReference image) throws IOException;
    }

    /** {@code sluice node}. */
    public interface NodeRunner {
        void install(NodeInstaller.Settings settings) throws IOException;

        /** Waits until no container uses Sluice. */
        void uninstall(NodeUninstaller.Settings settings) throws IOException, InterruptedException;

        /**
         * What {@link #uninstall} leaves to the host.
         *
         * @param restartContainerd whether to restart it
         */
        void finish(boolean restartContainerd) throws IOException, InterruptedException;

        /** Serves containers until none uses Sluice. */
        void release(NodeReleaser.Settings settings) throws IOException, InterruptedException;

        /** Goes on until the process is asked to end. */
        void gate(NodeGate.Settings settings) throws IOException, InterruptedException;
    }

    /** {@code sluice doctor}. */
    @FunctionalInterface
    public interface DoctorRunner {
        /**
         * Looks at this machine; no daemon is needed.
         *
         * @param containerdConfig the file that containerd is started with; need not exist
         */
        DoctorReport examine(Config config, Path containerdConfig) throws IOException;
    }

    /** {@code sluice install} and {@code sluice uninstall}. */
    public interface InstallRunner {
        /**
         * Plans what containerd's configuration lacks; changes nothing.
         *
         * @param cri whether kubelets are to pull for Sluice
         */
        InstallPlan planInstall(InstallTarget target, boolean cri) throws IOException;

        /**
         * Does what was planned.
         *
         * @return what else there is to know, one sentence each
         */
        List<String> install(InstallPlan plan) throws IOException;

        /** Plans how that is taken back; changes nothing. */
        UninstallPlan planUninstall(InstallTarget target) throws IOException;

        /**
         * Does what was planned.
         *
         * @return what else there is to know, one sentence each
         */
        List<String> uninstall(UninstallPlan plan) throws IOException;

        /** Has containerd started again by the host's service manager. */
        void restartContainerd(Host host) throws IOException;
    }
}
