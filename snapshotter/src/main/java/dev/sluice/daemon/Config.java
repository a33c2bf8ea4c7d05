package dev.sluice.daemon;

import static java.util.Objects.requireNonNull;

import dev.sluice.index.IndexPolicy;
import dev.sluice.ondemand.cachefiles.CullLimits;
import dev.sluice.registry.Digest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The daemon's configuration, complete and checked. {@link ConfigLoader} makes it from a file and command line options; every
 * key, its range and its default stand in the annotated {@code etc/config.toml} of the distribution.
 *
 * @param root where snapshots, layers and their data live; absolute
 * @param address the unix socket that we serve containerd on; absolute, at most 107 bytes
 * @param containerd containerd's own socket; absolute, at most 107 bytes
 * @param backend how the kernel asks for data
 * @param keeper who holds our kernel files while we are dead
 * @param admin where the admin service listens
 * @param logLevel how much is logged
 * @param logFormat how a line of the log looks
 * @param prepareTimeout how long one Prepare may take to make a layer lazy
 * @param checkpointInterval how often present data are made durable
 * @param prefetch whether data are fetched before they are read
 * @param background how layers are completed while nobody waits
 * @param plain what becomes of layers that cannot be lazy yet
 * @param index which published indexes of plain layers are believed, and whether ours are published
 * @param maxDisk how much disk lazy layers take together before new ones are refused; 0 for no limit
 */
public record Config(
        Path root,
        Path address,
        Path containerd,
        BackendChoice backend,
        KeeperChoice keeper,
        AdminAddress admin,
        LogLevel logLevel,
        LogFormat logFormat,
        Duration prepareTimeout,
        Duration checkpointInterval,
        boolean prefetch,
        Background background,
        DataSize maxDisk,
        Plain plain,
        Index index,
        Registry registry,
        Credentials credentials,
        Fill fill,
        Fuse fuse,
        Fanotify fanotify,
        Cachefiles cachefiles) {

    /** @throws IllegalArgumentException if two values contradict each other; the message is one sentence */
    public Config {
        requireNonNull(root, "root is null");
        requireNonNull(address, "address is null");
        requireNonNull(containerd, "containerd is null");
        requireNonNull(backend, "backend is null");
        requireNonNull(keeper, "keeper is null");
        requireNonNull(admin, "admin is null");
        requireNonNull(logLevel, "logLevel is null");
        requireNonNull(logFormat, "logFormat is null");
        requireNonNull(prepareTimeout, "prepareTimeout is null");
        requireNonNull(checkpointInterval, "checkpointInterval is null");
        requireNonNull(background, "background is null");
        requireNonNull(maxDisk, "maxDisk is null");
        requireNonNull(plain, "plain is null");
        requireNonNull(index, "index is null");
        requireNonNull(registry, "registry is null");
        requireNonNull(credentials, "credentials is null");
        requireNonNull(fill, "fill is null");
        requireNonNull(fuse, "fuse is null");
        requireNonNull(fanotify, "fanotify is null");
        requireNonNull(cachefiles, "cachefiles is null");
        requireDistinctSockets(address, containerd, admin);
        Path cri = credentials.criAddress();
        boolean taken = cri.equals(address)
                || cri.equals(containerd)
                || (admin instanceof AdminAddress.UnixSocket socket
                        && socket.path().equals(cri));
        if (credentials.uses(CredentialSourceName.CRI) && taken) {
            throw new IllegalArgumentException(
                    "credentials.cri.address needs a socket of its own, " + cri + " is taken");
        }
    }

    /** Every key at its default. */
    public static Config defaults() {
        return ConfigLoader.defaults();
    }

    private static void requireDistinctSockets(Path address, Path containerd, AdminAddress admin) {
        if (address.equals(containerd)) {
            throw new IllegalArgumentException("address and containerd are the same socket, " + address);
        }
        if (admin instanceof AdminAddress.UnixSocket socket
                && (socket.path().equals(address) || socket.path().equals(containerd))) {
            throw new IllegalArgumentException("admin needs a socket of its own, " + socket + " is taken");
        }
    }

    /**
     * How registries are reached.
     *
     * @param plainHttpHosts names, with or without a port, lower case, that speak HTTP without TLS
     * @param configPath roots of host directories, absolute
     * @param hosts names with a port, lower case, for registries that are known without theirs
     * @param retries how often a failed request is tried again
     * @param patience for how long a read of a mounted layer is tried again at least
     * @param deadline for one answer, retries included
     * @param dockerConfig Docker's {@code config.json}; empty for its usual places
     */
    public record Registry(
            List<String> plainHttpHosts,
            List<Path> configPath,
            List<String> hosts,
            Duration connectTimeout,
            Duration readTimeout,
            int retries,
            Duration patience,
            Duration deadline,
            Optional<Path> dockerConfig) {
        public Registry {
            plainHttpHosts = List.copyOf(plainHttpHosts);
            configPath = List.copyOf(configPath);
            hosts = List.copyOf(hosts);
            requireNonNull(patience, "patience is null");
            requireNonNull(deadline, "deadline is null");
            requireNonNull(connectTimeout, "connectTimeout is null");
            requireNonNull(readTimeout, "readTimeout is null");
            requireNonNull(dockerConfig, "dockerConfig is null");
        }
    }

    /**
     * Where credentials of registries come from.
     *
     * @param sources asked in this order
     * @param namespaces of Kubernetes, whose pull secrets are used
     * @param secrets names of those that are used; empty for all
     * @param kubeconfig how the Kubernetes API is reached, absolute; empty for the service account of a pod
     * @param providers the kubelet's configuration of credential providers, absolute
     * @param programs directory of these providers, absolute
     * @param criAddress the unix socket on which calls are taken that go to containerd; absolute, at most 107 bytes
     */
    public record Credentials(
            List<CredentialSourceName> sources,
            List<String> namespaces,
            List<String> secrets,
            Optional<Path> kubeconfig,
            Optional<Path> providers,
            Optional<Path> programs,
            Path criAddress) {
        /** @throws IllegalArgumentException if a source lacks what it needs; the message is one sentence */
        public Credentials {
            sources = List.copyOf(sources);
            namespaces = List.copyOf(namespaces);
            secrets = List.copyOf(secrets);
            requireNonNull(kubeconfig, "kubeconfig is null");
            requireNonNull(providers, "providers is null");
            requireNonNull(programs, "programs is null");
            requireNonNull(criAddress, "criAddress is null");
            if (sources.contains(CredentialSourceName.KUBERNETES) && namespaces.isEmpty()) {
                throw new IllegalArgumentException(
                        "credentials.sources names kubernetes, but credentials.kubernetes.namespaces names no namespace");
            }
            if (sources.contains(CredentialSourceName.KUBELET) && (providers.isEmpty() || programs.isEmpty())) {
                throw new IllegalArgumentException(
                        "credentials.sources names kubelet, but credentials.kubelet.config or credentials.kubelet.bin_dir is empty");
            }
        }

        /** Whether it is configured. */
        public boolean uses(CredentialSourceName source) {
            return sources.contains(source);
        }
    }

    /**
     * Layers without a table of contents.
     *
     * @param fetch whether they are fetched by us, as a whole, rather than by containerd
     * @param patience how long one Prepare waits for that before it leaves the waiting to other calls
     * @param spacing of the places from which such a layer can be decoded later, in decoded bytes
     * @param indexes how much disk all indexes may take
     */
    public record Plain(boolean fetch, Duration patience, DataSize spacing, DataSize indexes) {
        public Plain {
            requireNonNull(patience, "patience is null");
            requireNonNull(spacing, "spacing is null");
            requireNonNull(indexes, "indexes is null");
        }
    }

    /**
     * Indexes of plain layers beside their images in registries.
     *
     * @param pinned from digests of image manifests to digests of index artifacts
     * @param keys files with public keys, absolute
     * @param publish whether indexes that are made here are pushed to the registry of their image
     * @param signingKey file with the private key that signs them, absolute
     */
    public record Index(
            IndexPolicy policy,
            Map<Digest, Digest> pinned,
            List<Path> keys,
            boolean publish,
            Optional<Path> signingKey) {
        /** @throws IllegalArgumentException if two values contradict each other; the message is one sentence */
        public Index {
            requireNonNull(policy, "policy is null");
            pinned = Map.copyOf(pinned);
            keys = List.copyOf(keys);
            requireNonNull(signingKey, "signingKey is null");
            if (policy == IndexPolicy.SIGNED && keys.isEmpty()) {
                throw new IllegalArgumentException("index.policy is signed, but index.keys names no key");
            }
        }
    }

    /**
     * The fill engine.
     *
     * @param threads that decode and verify; never 0: the file's 0 is one per processor
     * @param memory for data on their way from the registry to the disk
     * @param readAheadMax how far a request reaches beyond the need, at most
     */
    public record Fill(int threads, DataSize memory, DataSize readAheadMax) {
        /** @throws IllegalArgumentException if two values contradict each other; the message is one sentence */
        public Fill {
            if (threads < 1) {
                throw new IllegalArgumentException("fill needs a thread, not " + threads);
            }
            if (readAheadMax.compareTo(memory) > 0) {
                throw new IllegalArgumentException(
                        "fill.read_ahead_max, " + readAheadMax + ", is greater than fill.memory, " + memory);
            }
        }
    }

    /**
     * How layers are completed while nobody waits.
     *
     * @param delay from the mount of a layer to its turn
     * @param rate per second, over all layers; 0 for never
     */
    public record Background(Duration delay, DataSize rate) {
        public Background {
            requireNonNull(delay, "delay is null");
            requireNonNull(rate, "rate is null");
        }
    }

    /**
     * The FUSE backend.
     *
     * @param threads that take the kernel's requests
     * @param loopDevices when layers are mounted on loop devices
     */
    public record Fuse(int threads, LoopDeviceUse loopDevices) {
        public Fuse {
            requireNonNull(loopDevices, "loopDevices is null");
        }
    }

    /**
     * The fanotify backend.
     *
     * @param threads that take the kernel's events
     */
    public record Fanotify(int threads) {}

    /**
     * The cachefiles backend.
     *
     * @param directory of the kernel's cache, absolute; empty for the one below the root directory
     * @param tag the cache's name in the kernel
     * @param limits when the kernel asks for space in it
     * @param threads that take the kernel's requests
     */
    public record Cachefiles(Optional<Path> directory, String tag, CullLimits limits, int threads) {
        public Cachefiles {
            requireNonNull(directory, "directory is null");
            requireNonNull(tag, "tag is null");
            requireNonNull(limits, "limits is null");
        }
    }
}
