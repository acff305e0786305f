#include "rdp_settings.h"
#include <freerdp/crypto/certificate.h>
#include <freerdp/crypto/privatekey.h>

enum {
	POINTER_CACHE = 25, /* what mstsc offers */
	MULTIFRAGMENT_MAX_BYTES = 8 * 1024 * 1024,
};

int rdp_settings_keys(rdpSettings *s, const struct rdp_config *config)
{
	rdpPrivateKey *key = freerdp_key_new_from_pem(config->key_pem);
	rdpCertificate *certificate = freerdp_certificate_new_from_pem(config->certificate_pem);

	/* Each is the settings' once it is set. */
	if (!key || !freerdp_settings_set_pointer_len(s, FreeRDP_RdpServerRsaKey, key, 1)) {
		freerdp_key_free(key);
		freerdp_certificate_free(certificate);
		return ERR_FORMAT;
	}
	if (certificate && freerdp_settings_set_pointer_len(s, FreeRDP_RdpServerCertificate, certificate, 1))
		return 0;
	freerdp_certificate_free(certificate);
	return ERR_FORMAT;
}

static const struct {
	FreeRDP_Settings_Keys_Bool key;
	BOOL value;
} bool_settings[] = {
	{ FreeRDP_RdpSecurity, FALSE },
	{ FreeRDP_UseRdpSecurityLayer, FALSE },
	{ FreeRDP_WaitForOutputBufferFlush, FALSE }, /* else a full socket is waited for in a write */
	{ FreeRDP_NetworkAutoDetect, FALSE },
	{ FreeRDP_SupportMultitransport, FALSE },
	{ FreeRDP_SupportErrorInfoPdu, TRUE },
	{ FreeRDP_SupportHeartbeatPdu, TRUE },
	{ FreeRDP_SupportGraphicsPipeline, TRUE },
	{ FreeRDP_SupportDynamicChannels, TRUE },
	{ FreeRDP_SupportMonitorLayoutPdu, TRUE },
	{ FreeRDP_RemoteFxCodec, TRUE },
	{ FreeRDP_RemoteFxImageCodec, TRUE },
	{ FreeRDP_NSCodec, FALSE },
	{ FreeRDP_SurfaceFrameMarkerEnabled, TRUE },
	{ FreeRDP_FrameMarkerCommandEnabled, TRUE },
	{ FreeRDP_RefreshRect, TRUE },
	{ FreeRDP_SuppressOutput, TRUE },
	{ FreeRDP_DesktopResize, TRUE },
	{ FreeRDP_UnicodeInput, TRUE },
	{ FreeRDP_FastPathInput, TRUE },
	{ FreeRDP_FastPathOutput, TRUE },
	{ FreeRDP_HasHorizontalWheel, TRUE },
	{ FreeRDP_HasExtendedMouseEvent, TRUE },
	{ FreeRDP_DrawAllowSkipAlpha, TRUE },
	/* FreeRDP's decoders swap red and blue when a server says it: codec/planar.h. */
	{ FreeRDP_DrawAllowDynamicColorFidelity, FALSE },
	{ FreeRDP_DrawAllowColorSubsampling, FALSE },
	{ FreeRDP_CompressionEnabled, FALSE },
};

static const struct {
	FreeRDP_Settings_Keys_UInt32 key;
	UINT32 value;
} number_settings[] = {
	{ FreeRDP_ColorDepth, 32 },
	{ FreeRDP_PointerCacheSize, POINTER_CACHE },
	{ FreeRDP_ColorPointerCacheSize, POINTER_CACHE },
	{ FreeRDP_LargePointerFlag, LARGE_POINTER_FLAG_96x96 | LARGE_POINTER_FLAG_384x384 },
	{ FreeRDP_MultifragMaxRequestSize, MULTIFRAGMENT_MAX_BYTES },
	{ FreeRDP_RemoteFxCodecId, 0 }, /* not 0 afterwards: the client named one */
	{ FreeRDP_FrameAcknowledge, 0 },
	{ FreeRDP_EncryptionLevel, ENCRYPTION_LEVEL_CLIENT_COMPATIBLE },
	{ FreeRDP_OsMajorType, OSMAJORTYPE_UNIX },
	{ FreeRDP_OsMinorType, OSMINORTYPE_NATIVE_XSERVER },
};

int rdp_settings_fill(rdpSettings *s, const struct rdp_config *config)
{
	bool ok = true;

	for (size_t i = 0; i < sizeof bool_settings / sizeof *bool_settings; i++)
		ok = ok && freerdp_settings_set_bool(s, bool_settings[i].key, bool_settings[i].value);
	for (size_t i = 0; i < sizeof number_settings / sizeof *number_settings; i++)
		ok = ok && freerdp_settings_set_uint32(s, number_settings[i].key, number_settings[i].value);
	ok = ok && freerdp_settings_set_bool(s, FreeRDP_NlaSecurity, config->nla) &&
			freerdp_settings_set_bool(s, FreeRDP_TlsSecurity, config->tls) &&
			freerdp_settings_set_uint16(s, FreeRDP_TLSMinVersion, 0x0303) &&
			/* Kerberos would be looked for in files that are not there. */
			freerdp_settings_set_string(s, FreeRDP_AuthenticationPackageList, "ntlm,!kerberos");
	return ok ? 0 : ERR_MEMORY;
}
