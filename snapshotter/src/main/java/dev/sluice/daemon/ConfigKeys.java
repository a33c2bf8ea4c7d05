package dev.sluice.daemon;

import dev.sluice.index.IndexPolicy;
import dev.sluice.registry.Digest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** All keys of the configuration file: names, types, defaults and what they mean. */
final class ConfigKeys {
    static final ConfigKey<Path> ROOT = ConfigKey.of(
            "root",
            ConfigType.absolutePath(),
            Path.of("/var/lib/sluice"),
            "Where snapshots, layers and their data live. ext4, xfs or btrfs; open to root only.");
    static final ConfigKey<Path> ADDRESS = ConfigKey.of(
            "address",
            ConfigType.socket(),
            Path.of("/run/sluice/sluice.sock"),
            "The unix socket that containerd's [proxy_plugins.sluice] names.");
    static final ConfigKey<Path> CONTAINERD = ConfigKey.of(
            "containerd",
            ConfigType.socket(),
            Path.of("/run/containerd/containerd.sock"),
            "containerd's own socket: manifests are read from its content store.");
    static final ConfigKey<BackendChoice> BACKEND = ConfigKey.of(
            "backend",
            ConfigType.choice(BackendChoice.class),
            BackendChoice.AUTO,
            "How the kernel asks for data: auto, cachefiles, fanotify or fuse. auto takes the first that",
            "works on this machine; `sluice doctor` says which that is, and why.");
    static final ConfigKey<KeeperChoice> KEEPER = ConfigKey.of(
            "keeper",
            ConfigType.choice(KeeperChoice.class),
            KeeperChoice.AUTO,
            "Who holds Sluice's kernel files while the daemon is dead, so that readers wait for the next one:",
            "process is a tiny process of our own, fd-store the service manager (systemd), none nobody. auto takes",
            "process where it can be had; else fd-store if systemd is 254 or later and the unit has",
            "FileDescriptorStorePreserve=yes, FileDescriptorStoreMax= and Environment=SLUICE_FD_STORE=preserved.");
    static final ConfigKey<AdminAddress> ADMIN = ConfigKey.of(
            "admin",
            ConfigType.adminAddress(),
            new AdminAddress.UnixSocket(Path.of("/run/sluice/admin.sock")),
            "Where `sluice status`, metrics (/metrics) and health (/healthz, /readyz, gRPC) are served: a unix socket,",
            "or a loopback address with a port, which every user of this machine can reach.");
    static final ConfigKey<LogLevel> LOG_LEVEL = ConfigKey.of(
            "log_level",
            ConfigType.choice(LogLevel.class),
            LogLevel.INFO,
            "error, warn, info, debug or trace. The log goes to stderr.");
    static final ConfigKey<LogFormat> LOG_FORMAT = ConfigKey.of(
            "log_format",
            ConfigType.choice(LogFormat.class),
            LogFormat.TEXT,
            "text, or json: one JSON object per line.");
    static final ConfigKey<Duration> PREPARE_TIMEOUT = ConfigKey.of(
            "prepare_timeout",
            ConfigType.duration(Duration.ofMillis(100), Duration.ofMinutes(5)),
            Duration.ofSeconds(10),
            "How long containerd may be kept waiting for a layer to become lazy. After that containerd pulls",
            "the layer as usual.");
    static final ConfigKey<Duration> CHECKPOINT_INTERVAL = ConfigKey.of(
            "checkpoint_interval",
            ConfigType.duration(Duration.ofMillis(100), Duration.ofHours(1)),
            Duration.ofSeconds(5),
            "How often fetched data are made to survive a crash of the machine. What a crash takes is fetched",
            "again.");
    static final ConfigKey<Boolean> PREFETCH = ConfigKey.of(
            "prefetch",
            ConfigType.bool(),
            true,
            "Whether data that are likely to be read soon are fetched before they are.");
    static final ConfigKey<Duration> BACKGROUND_DELAY = ConfigKey.of(
            "background_delay",
            ConfigType.duration(Duration.ZERO, Duration.ofHours(24)),
            Duration.ofMinutes(5),
            "How long after it was mounted, or the daemon was started, the rest of a layer is fetched, so that",
            "containers need neither the registry any more nor, with fanotify and cachefiles, this daemon.",
            "Readers always go before.");
    static final ConfigKey<DataSize> BACKGROUND_RATE = ConfigKey.of(
            "background_rate",
            ConfigType.dataSize(new DataSize(0), DataSize.ofMebibytes(1 << 20)),
            DataSize.ofMebibytes(8),
            "How much of that is fetched in a second, for all layers together. \"0B\" for none.");
    static final ConfigKey<DataSize> MAX_DISK = ConfigKey.of(
            "max_disk",
            ConfigType.dataSize(new DataSize(0), DataSize.ofMebibytes(1L << 40)),
            new DataSize(0),
            "How much disk all lazy layers may take, as \"100GiB\". Once they do, containerd pulls new layers as",
            "usual, and the log says so; layers that are there already go on growing as they are read. \"0B\" for",
            "no limit.");

    static final ConfigKey<Boolean> PLAIN_FETCH = ConfigKey.of(
            "plain.fetch",
            ConfigType.bool(),
            true,
            "Whether Sluice fetches layers that have no table of contents (tar, gzip, zstd), as a whole and in",
            "parallel, and indexes them meanwhile. Else containerd does, and all that lies above such a layer.");
    static final ConfigKey<Duration> PLAIN_WAIT = ConfigKey.of(
            "plain.wait",
            ConfigType.duration(Duration.ZERO, Duration.ofSeconds(5)),
            Duration.ofSeconds(1),
            "How long one Prepare waits for such a layer. containerd holds a lock meanwhile that may keep all",
            "other starts on this node waiting; after this the pull waits elsewhere, without it.");
    static final ConfigKey<DataSize> PLAIN_SPACING = ConfigKey.of(
            "plain.spacing",
            ConfigType.dataSize(DataSize.ofMebibytes(1), DataSize.ofMebibytes(16)),
            DataSize.ofMebibytes(2),
            "How far apart the places are from which such a layer can be read later. Nearer costs a larger",
            "index, farther a longer first read.");
    static final ConfigKey<DataSize> PLAIN_INDEXES = ConfigKey.of(
            "plain.indexes",
            ConfigType.dataSize(DataSize.ofMebibytes(1), DataSize.ofMebibytes(1L << 30)),
            DataSize.ofMebibytes(1 << 10),
            "How much disk indexes of such layers may take. They stay when an image goes.");

    static final ConfigKey<IndexPolicy> INDEX_POLICY = ConfigKey.of(
            "index.policy",
            ConfigType.choice(IndexPolicy.class),
            IndexPolicy.PINNED,
            "Which indexes of such layers are believed that somebody has published in the image's repository. A",
            "lying index shows containers other files. off: none. pinned: those that `pinned` names, or the",
            "image's own manifest (annotation dev.sluice.index.digest). signed: those that one of `keys` has",
            "signed for this very manifest. same-registry: any, the newest first; whoever may push may lie.",
            "SOCI indexes count, too, where there is none of ours, but nobody signs them; an image names its own",
            "by the annotation com.amazon.soci.index-digest.");
    static final ConfigKey<Map<Digest, Digest>> INDEX_PINNED = ConfigKey.of(
            "index.pinned",
            ConfigType.digests(),
            Map.of(),
            "From the digest of an image's manifest to that of its index, as `sluice index ls` shows them:",
            "{ \"sha256:<manifest>\" = \"sha256:<index>\" }.");
    static final ConfigKey<List<Path>> INDEX_KEYS = ConfigKey.of(
            "index.keys",
            ConfigType.paths(),
            List.of(),
            "Files with public Ed25519 keys, PEM: openssl pkey -in private.pem -pubout.");
    static final ConfigKey<Boolean> INDEX_PUBLISH = ConfigKey.of(
            "index.publish",
            ConfigType.bool(),
            false,
            "Whether indexes that are made on this node are pushed to the repository of their image. The",
            "credentials must allow that.");
    static final ConfigKey<Optional<Path>> INDEX_SIGNING_KEY = ConfigKey.of(
            "index.signing_key",
            ConfigType.optionalPath(),
            Optional.empty(),
            "The private Ed25519 key that signs them, PEM: openssl genpkey -algorithm ed25519. \"\" for no",
            "signature.");

    static final ConfigKey<List<String>> PLAIN_HTTP_HOSTS = ConfigKey.of(
            "registry.plain_http_hosts",
            ConfigType.hosts(false),
            List.of(),
            "Registries that speak HTTP without TLS, as \"host:port\", or \"host\" for any port. Loopback need",
            "not be named: as with containerd it gets TLS, unverified, and HTTP if it does not know TLS.");
    static final ConfigKey<List<Path>> CONFIG_PATH = ConfigKey.of(
            "registry.config_path",
            ConfigType.pathList(),
            List.of(Path.of("/etc/containerd/certs.d"), Path.of("/etc/docker/certs.d")),
            "Directories with containerd's hosts.toml of registries (mirrors, certificates, headers) or with",
            "certificates as Docker lays them out; containerd's key of the same name. They are read again when",
            "they change. \"\" for none.");
    static final ConfigKey<List<String>> HOSTS = ConfigKey.of(
            "registry.hosts",
            ConfigType.hosts(true),
            List.of(),
            "Registries on a port of their own, as \"host:port\". Where containerd passes no image labels, its",
            "content store tells the host of an image without the port. Those of plain_http_hosts are known",
            "without being named here again.");
    static final ConfigKey<Duration> CONNECT_TIMEOUT = ConfigKey.of(
            "registry.connect_timeout",
            ConfigType.duration(Duration.ofMillis(100), Duration.ofMinutes(5)),
            Duration.ofSeconds(5),
            "How long a connection to a registry may take.");
    static final ConfigKey<Duration> READ_TIMEOUT = ConfigKey.of(
            "registry.read_timeout",
            ConfigType.duration(Duration.ofMillis(100), Duration.ofMinutes(5)),
            Duration.ofSeconds(20),
            "How long a registry may stay silent within an answer, or send less than 1 KiB a second.");
    static final ConfigKey<Integer> RETRIES = ConfigKey.of(
            "registry.retries",
            ConfigType.integer(0, 20),
            3,
            "How often a failed request is tried again, each time after a longer pause.");
    static final ConfigKey<Duration> PATIENCE = ConfigKey.of(
            "registry.patience",
            ConfigType.duration(Duration.ZERO, Duration.ofMinutes(5)),
            Duration.ofSeconds(10),
            "How long a read of a mounted layer tries again at least, however often it has failed by then, so",
            "that a registry may be restarted under running containers.");
    static final ConfigKey<Duration> DEADLINE = ConfigKey.of(
            "registry.deadline",
            ConfigType.duration(Duration.ofSeconds(1), Duration.ofMinutes(30)),
            Duration.ofSeconds(60),
            "How long a registry has for an answer, all mirrors, retries and pauses included, before what",
            "needed it fails.");
    static final ConfigKey<Optional<Path>> DOCKER_CONFIG = ConfigKey.of(
            "registry.docker_config",
            ConfigType.optionalPath(),
            Optional.empty(),
            "The file with credentials, as Docker writes its config.json; it may have any name. \"\" for the usual",
            "places: $DOCKER_CONFIG/config.json, then $HOME/.docker/config.json.");

    static final ConfigKey<List<CredentialSourceName>> CREDENTIAL_SOURCES = ConfigKey.of(
            "credentials.sources",
            ConfigType.choices(CredentialSourceName.class),
            List.of(CredentialSourceName.DOCKER),
            "Where credentials of registries come from. They are asked in this order, and the next one is asked",
            "when a registry refuses what one knows. docker: registry.docker_config and Docker's credential",
            "helpers. kubernetes: image pull secrets. kubelet: the kubelet's credential providers. cri: what",
            "pulls show containerd; the kubelet has to send them through credentials.cri.address.");
    static final ConfigKey<List<String>> KUBERNETES_NAMESPACES = ConfigKey.of(
            "credentials.kubernetes.namespaces",
            ConfigType.kubernetesNames(),
            List.of(),
            "Namespaces whose pull secrets (kubernetes.io/dockerconfigjson, kubernetes.io/dockercfg) are",
            "used, for all images of the node. They must be allowed to be listed and watched.");
    static final ConfigKey<List<String>> KUBERNETES_SECRETS = ConfigKey.of(
            "credentials.kubernetes.secrets",
            ConfigType.kubernetesNames(),
            List.of(),
            "Only secrets of these names; then rights that are bound to them (resourceNames) are enough. [] for all.");
    static final ConfigKey<Optional<Path>> KUBERNETES_KUBECONFIG = ConfigKey.of(
            "credentials.kubernetes.kubeconfig",
            ConfigType.optionalPath(),
            Optional.empty(),
            "How the Kubernetes API is reached from outside of a pod. \"\" for the service account of the pod that",
            "the daemon runs in.");
    static final ConfigKey<Optional<Path>> KUBELET_CONFIG = ConfigKey.of(
            "credentials.kubelet.config",
            ConfigType.optionalPath(),
            Optional.empty(),
            "The CredentialProviderConfig, a file or a directory of them, as the kubelet's",
            "--image-credential-provider-config.");
    static final ConfigKey<Optional<Path>> KUBELET_BIN_DIR = ConfigKey.of(
            "credentials.kubelet.bin_dir",
            ConfigType.optionalPath(),
            Optional.empty(),
            "The directory of the programs it names, as the kubelet's --image-credential-provider-bin-dir.");
    static final ConfigKey<Path> CRI_ADDRESS = ConfigKey.of(
            "credentials.cri.address",
            ConfigType.socket(),
            Path.of("/run/sluice/cri.sock"),
            "The unix socket for the kubelet's --image-service-endpoint; all calls are passed on to containerd.",
            "Only there if credentials.sources names cri. While the daemon is down, the kubelet cannot pull.");

    static final ConfigKey<Integer> FILL_THREADS = ConfigKey.of(
            "fill.threads", ConfigType.integer(0, 1024), 0, "Threads that decode and verify. 0 for one per processor.");
    static final ConfigKey<DataSize> FILL_MEMORY = ConfigKey.of(
            "fill.memory",
            ConfigType.dataSize(DataSize.ofMebibytes(8), DataSize.ofMebibytes(1 << 20)),
            DataSize.ofMebibytes(64),
            "Memory for data on their way from the registry to the disk.");
    static final ConfigKey<DataSize> READ_AHEAD_MAX = ConfigKey.of(
            "fill.read_ahead_max",
            ConfigType.dataSize(new DataSize(0), DataSize.ofMebibytes(1 << 10)),
            DataSize.ofMebibytes(4),
            "How far a request reaches beyond what is asked for, at the most. Below that it follows the",
            "measured bandwidth and the pattern of reads.");

    static final ConfigKey<Integer> FUSE_THREADS =
            ConfigKey.of("fuse.threads", ConfigType.integer(1, 64), 2, "Threads that take the kernel's requests.");
    static final ConfigKey<LoopDeviceUse> FUSE_LOOP_DEVICES = ConfigKey.of(
            "fuse.loop_devices",
            ConfigType.choice(LoopDeviceUse.class),
            LoopDeviceUse.AUTO,
            "auto or always: whether layers are mounted on loop devices only where the kernel mounts no regular",
            "files (before Linux 6.12), or everywhere; that helps kernels of which `sluice doctor` says that",
            "short files go unnoticed.");

    static final ConfigKey<Integer> FANOTIFY_THREADS =
            ConfigKey.of("fanotify.threads", ConfigType.integer(1, 64), 2, "Threads that take the kernel's events.");

    static final ConfigKey<Optional<Path>> CACHEFILES_DIRECTORY = ConfigKey.of(
            "cachefiles.directory",
            ConfigType.optionalPath(),
            Optional.empty(),
            "Where the kernel keeps its cache, on ext4 or xfs. \"\" for the directory cachefiles below root.");
    static final ConfigKey<String> CACHEFILES_TAG = ConfigKey.of(
            "cachefiles.tag",
            ConfigType.tag(),
            "sluice",
            "The name of the cache in the kernel, for its log and statistics.");
    static final ConfigKey<Integer> CACHEFILES_RUN = ConfigKey.of(
            "cachefiles.run",
            ConfigType.integer(2, 99),
            10,
            "Percent of the cache's disk (blocks and files) that are free: above this nothing is culled.");
    static final ConfigKey<Integer> CACHEFILES_CULL = ConfigKey.of(
            "cachefiles.cull",
            ConfigType.integer(1, 98),
            7,
            "Below this many percent the least recently used of what no container uses is taken out of the cache.");
    static final ConfigKey<Integer> CACHEFILES_STOP = ConfigKey.of(
            "cachefiles.stop",
            ConfigType.integer(0, 97),
            3,
            "Below this many percent the kernel takes nothing more into the cache: reads of what is not in it fail.");
    static final ConfigKey<Integer> CACHEFILES_THREADS = ConfigKey.of(
            "cachefiles.threads", ConfigType.integer(1, 64), 2, "Threads that take the kernel's requests.");

    /** In the order of the annotated file; the keys of a table stand together. */
    static final List<ConfigKey<?>> ALL = List.of(
            ROOT,
            ADDRESS,
            CONTAINERD,
            BACKEND,
            KEEPER,
            ADMIN,
            LOG_LEVEL,
            LOG_FORMAT,
            PREPARE_TIMEOUT,
            CHECKPOINT_INTERVAL,
            PREFETCH,
            BACKGROUND_DELAY,
            BACKGROUND_RATE,
            MAX_DISK,
            PLAIN_FETCH,
            PLAIN_WAIT,
            PLAIN_SPACING,
            PLAIN_INDEXES,
            INDEX_POLICY,
            INDEX_PINNED,
            INDEX_KEYS,
            INDEX_PUBLISH,
            INDEX_SIGNING_KEY,
            PLAIN_HTTP_HOSTS,
            CONFIG_PATH,
            HOSTS,
            CONNECT_TIMEOUT,
            READ_TIMEOUT,
            RETRIES,
            PATIENCE,
            DEADLINE,
            DOCKER_CONFIG,
            CREDENTIAL_SOURCES,
            KUBERNETES_NAMESPACES,
            KUBERNETES_SECRETS,
            KUBERNETES_KUBECONFIG,
            KUBELET_CONFIG,
            KUBELET_BIN_DIR,
            CRI_ADDRESS,
            FILL_THREADS,
            FILL_MEMORY,
            READ_AHEAD_MAX,
            FUSE_THREADS,
            FUSE_LOOP_DEVICES,
            FANOTIFY_THREADS,
            CACHEFILES_DIRECTORY,
            CACHEFILES_TAG,
            CACHEFILES_RUN,
            CACHEFILES_CULL,
            CACHEFILES_STOP,
            CACHEFILES_THREADS);

    private ConfigKeys() {}
}
