<?php
/**
 * How a request to the service is signed.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

/**
 * The form of Standard Webhooks (github.com/standard-webhooks/standard-webhooks): id, time and body are signed together,
 * so that a request can be neither changed nor sent a second time.
 */
final class Signature {

	/**
	 * The headers that sign a body.
	 *
	 * @param string $secret As the operator's page showed it.
	 * @param string $body   Exactly the bytes that are sent.
	 * @return string[] Header lines.
	 */
	public static function headers( $secret, $body ) {
		$id   = 'msg_' . bin2hex( random_bytes( 16 ) );
		$time = (string) time();
		$sign = base64_encode( hash_hmac( 'sha256', $id . '.' . $time . '.' . $body, self::key( $secret ), true ) );
		return array(
			'webhook-id: ' . $id,
			'webhook-timestamp: ' . $time,
			'webhook-signature: v1,' . $sign,
		);
	}

	/**
	 * The bytes of a secret: what stands after `whsec_` is base64, any other secret is its own bytes.
	 *
	 * @param string $secret As the operator's page showed it.
	 * @return string
	 */
	private static function key( $secret ) {
		if ( 0 === strpos( $secret, 'whsec_' ) ) {
			$bytes = base64_decode( substr( $secret, 6 ), true );
			if ( false !== $bytes ) {
				return $bytes;
			}
		}
		return $secret;
	}
}
