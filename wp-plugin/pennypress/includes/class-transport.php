<?php
/**
 * How bytes get to the service and back.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

/**
 * One request whose answer is handed on as it arrives. WordPress's own HTTP functions gather an answer before they return
 * it; words that arrive one after another need what is below them.
 */
abstract class Transport {

	/**
	 * The best that this PHP has, or null if it can call nobody.
	 *
	 * @return Transport|null
	 */
	public static function best() {
		if ( function_exists( 'curl_init' ) ) {
			return new Curl_Transport();
		}
		return ini_get( 'allow_url_fopen' ) ? new Stream_Transport() : null;
	}

	/**
	 * Sends a request and hands the answer on.
	 *
	 * @param array{method: string, url: string, headers: string[], body: string, connect: int, total: int} $request What to
	 *                        send, and how many seconds to wait for a connection and for everything.
	 * @param callable $head  Takes status and headers (by name in lower case); returns whether to go on.
	 * @param callable $piece Takes some bytes of the body; returns whether to go on.
	 * @param callable $idle  Is told now and then that nothing has come; returns whether to go on.
	 * @return array{kind: string, message: string}|null What failed: kind is `dns`, `refused`, `timeout`, `tls`, `stopped` (by
	 *                        head or piece) or `other`.
	 */
	abstract public function send( array $request, callable $head, callable $piece, callable $idle );

	/**
	 * The certificates that servers are checked against: what PHP was told, or else WordPress's own bundle.
	 *
	 * @param string $setting The PHP setting that names another.
	 * @return string|null
	 */
	protected static function certificates( $setting ) {
		$bundle = ABSPATH . WPINC . '/certificates/ca-bundle.crt';
		return ! ini_get( $setting ) && is_readable( $bundle ) ? $bundle : null;
	}
}
