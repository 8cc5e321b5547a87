<?php
/**
 * The visitors' calls as a REST namespace.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

/**
 * Makes the routes visible at /wp-json/ and answers them there when the early answer is switched off.
 */
final class Rest_Routes {

	/**
	 * Registers the routes. They are open to everyone, as the widget on the page is.
	 */
	public static function register() {
		foreach ( Routes::TABLE as $pattern => $methods ) {
			register_rest_route(
				Routes::REST_NAMESPACE,
				'/' . $pattern,
				array(
					'methods'             => $methods,
					'callback'            => array( self::class, 'only_over_http' ),
					'permission_callback' => '__return_true',
				)
			);
		}
	}

	/**
	 * What the REST server itself answers. The real answer is a stream, which a REST response cannot hold, so serve()
	 * gives it in its place; what remains is a call from inside of PHP.
	 *
	 * @return \WP_Error
	 */
	public static function only_over_http() {
		return new \WP_Error( 'pennypress_only_over_http', __( 'This route answers requests over HTTP only.', 'pennypress' ), array( 'status' => 501 ) );
	}

	/**
	 * Answers one of our routes in place of the REST server, and ends: what WordPress would do next is to allow pages of
	 * any other site to read the answer (rest_send_cors_headers).
	 *
	 * @param bool              $served  Whether somebody else has answered.
	 * @param \WP_HTTP_Response $result  What the REST server would send.
	 * @param \WP_REST_Request  $request The request.
	 * @return bool
	 */
	public static function serve( $served, $result, $request ) {
		$prefix = '/' . Routes::REST_NAMESPACE . '/';
		if ( $served || 0 !== strpos( $request->get_route(), $prefix ) || 501 !== $result->get_status() ) {
			return $served;
		}
		Forwarder::answer( substr( $request->get_route(), strlen( $prefix ) ) );
		exit;
	}
}
